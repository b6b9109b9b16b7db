import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { applyRetention } from "../../pipeline/jobs/apply-retention.ts";
import { eraseUsers } from "../../pipeline/jobs/erase-users.ts";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestControl, type TestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const DAY_MS = 86_400_000;
const NOW = Date.now();
/** Every table that names users, and the column that does. */
const TABLES: Readonly<Record<string, string>> = {
  request_events: "user_id",
  feedback_events: "user_id",
  user_events: "user_id",
  users_by_day: "user_id",
  dead_letters: "key",
  admin_actions: "subject",
};

let pipeline: TestPipeline;
let control: TestControl;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  control = await startTestControl({ warehouse: pipeline.deps.warehouse });
});
afterAll(async () => {
  await control.close();
  await pipeline.close();
});

it("an erased user is in no table any more, others and all sums stay, and who comes back is somebody new", async () => {
  await storeLife("gone", NOW - 2_000);
  await storeLife("stays", NOW - 2_000);
  await storeErasure("gone", NOW - 1_000);
  await storeLife("gone", NOW);
  const before = await sums();

  await eraseUsers(pipeline.deps, NOW);
  await rollUp("requests")(pipeline.deps, NOW);
  expect(await sums()).toEqual({ ...before, users: before.users + 1, comments: before.comments - 1 });
  expect(await rowsOf("gone")).toMatchObject({ request_events: 1, feedback_events: 1, dead_letters: 0 });
  const late = recentRequest(NOW, { user_id: "gone", ts: NOW - 1_500 });
  await pipeline.store([late]);
  await eraseUsers(pipeline.deps, NOW + 60_000);
  await eraseUsers(pipeline.deps, NOW + 2 * DAY_MS);
  await rollUp("requests")(pipeline.deps, NOW);

  const once = { request_events: 1, feedback_events: 1, user_events: 1, users_by_day: 1, admin_actions: 1 };
  const left = { ...once, dead_letters: 0 };
  expect(await rowsOf("gone")).toEqual(left);
  expect(await rowsOf("stays")).toEqual({ ...left, dead_letters: 1 });
  expect(await sums()).toMatchObject({
    requests: before.requests + 1,
    cost: before.cost + late.cost,
    users: 3,
  });
  expect((await eraseUsers(pipeline.deps, NOW + 3 * DAY_MS)).notable).toBe(false);
});

it("what was done to an erased user stays in the audit, without the user's name", async () => {
  await storeLife("audited", NOW - 2_000);
  await storeAction("audited", { ts: NOW - 1_900, method: "PUT" });
  await storeErasure("audited", NOW - 1_800);
  // Written down when the call is answered, which is after the erasure.
  await storeAction("audited", { ts: NOW - 1_700, method: "DELETE" });
  await storeAction("audited", { ts: NOW - 100, method: "PUT" });
  // An alert or a key of the same name is no user.
  await storeAction("audited", { ts: NOW - 1_900, method: "DELETE", path: "/api/keys/:id" });
  const before = await one("SELECT count() AS rows FROM admin_actions FINAL", z.object({ rows: z.number() }));
  await eraseUsers(pipeline.deps, NOW);
  const named = await pipeline.deps.warehouse.query({
    sql: "SELECT method, path FROM admin_actions FINAL WHERE subject = 'audited' ORDER BY method",
    row: z.object({ method: z.string(), path: z.string() }),
  });
  expect(named).toEqual([
    { method: "DELETE", path: "/api/keys/:id" },
    { method: "PUT", path: "/api/users/:id" },
  ]);
  expect(
    await one("SELECT count() AS rows FROM admin_actions FINAL", z.object({ rows: z.number() })),
  ).toEqual(before);
});

it("no other column of the warehouse holds a user's name", async () => {
  const holders = await pipeline.deps.warehouse.query({
    sql: `SELECT DISTINCT table FROM system.columns
      WHERE database = currentDatabase() AND name IN ('user_id', 'subject', 'key')
        AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')`,
    row: z.object({ table: z.string() }),
  });
  const told = Object.keys(TABLES).map((table) => (table === "users_by_day" ? "rollup_users_daily" : table));
  // Their subjects and keys are providers, tiers, kinds of alerts and names of settings.
  const nobody = ["alerts", "alert_silences", "recommendations", "settings"];
  expect(holders.map(({ table }) => table).sort()).toEqual([...told, ...nobody].sort());
});

it("an erasure that is run again, or stopped half-way, changes nothing more", async () => {
  await storeLife("twice", NOW - 2_000);
  await storeErasure("twice", NOW - 1_500);
  await storeErasure("twice", NOW - 1_000);
  const events = "SELECT count() AS rows FROM user_events FINAL";
  const before = await one(events, z.object({ rows: z.number() }));
  for (const afterMs of [0, 0, 2 * DAY_MS, 2 * DAY_MS]) await eraseUsers(pipeline.deps, NOW + afterMs);
  expect(await one(events, z.object({ rows: z.number() }))).toEqual(before);
  expect(await rowsOf("twice")).toMatchObject({ request_events: 0, feedback_events: 0, user_events: 0 });
});

it("the export of a user holds all rows of that user, page by page, and of nobody else", async () => {
  await control.call("PUT", "/api/users/exported", { tier: "free" });
  await storeLife("exported", NOW - 5_000);
  await storeLife("exported", NOW - 4_000);
  await storeLife("not-exported", NOW - 4_000);
  const { status, body } = await control.call("GET", "/api/users/exported/export");
  expect(status).toBe(200);
  expect(body).toMatchObject({ user: { id: "exported", tier: "free" }, nextCursor: null });
  const rows = z.array(z.object({ user_id: z.literal("exported"), ts: z.number() }));
  expect(rows.parse(body.requests).map(({ ts }) => ts)).toEqual([NOW - 5_000, NOW - 4_000]);
  expect(rows.parse(body.ratings)).toHaveLength(2);
  expect(rows.parse(body.events)).toHaveLength(2);
  const [first] = z.array(z.object({ event_id: z.string() })).parse(body.requests);
  const next = await control.call(
    "GET",
    `/api/users/exported/export?cursor=${NOW - 5_000}_${first?.event_id}`,
  );
  expect(rows.parse(next.body.requests).map(({ ts }) => ts)).toEqual([NOW - 4_000]);
  expect((await control.call("GET", "/api/users/exported/export?cursor=x")).status).toBe(400);
});

it("what is older than the catalog's retention is deleted, and its sums stay", async () => {
  const old = NOW - 60 * DAY_MS;
  await storeLife("long-ago", old);
  await rollUp("requests")(pipeline.deps, NOW);
  const before = await one(SPENT, spent);
  pipeline.useCatalog(testCatalog(undefined, { retention: { requestDays: 40, feedbackDays: 40 } }));
  expect((await applyRetention(pipeline.deps, NOW)).notable).toBe(true);
  expect((await applyRetention(pipeline.deps, NOW)).notable).toBe(false);
  for (const table of ["request_events", "feedback_events", "rollup_users_daily"])
    await pipeline.deps.warehouse.command(`OPTIMIZE TABLE ${table} FINAL`);
  expect(await rowsOf("long-ago")).toMatchObject({
    request_events: 0,
    feedback_events: 0,
    users_by_day: 0,
  });
  expect((await rowsOf("stays")).request_events).toBe(1);
  await rollUp("requests")(pipeline.deps, NOW + DAY_MS);
  expect(await one(SPENT, spent)).toEqual(before);
});

const SPENT = "SELECT sum(cost) AS cost, sum(requests) AS requests FROM bi_spend_daily";
const spent = z.object({ cost: z.number(), requests: z.number() });

/** A request, a rating, a meeting, a dead letter and a change of tier of a user. */
async function storeLife(user: string, ts: number): Promise<void> {
  const { warehouse } = pipeline.deps;
  const origin = { log_partition: "test", log_offset: 0 };
  await pipeline.store([recentRequest(NOW, { user_id: user, ts })]);
  const ids = () => ({ event_id: randomUUID(), user_id: user, ts, ...origin });
  await warehouse.insert("feedback_events", [
    { ...ids(), request_id: randomUUID(), rating: 4, comment: `I am ${user}`, source: "live" },
  ]);
  await warehouse.insert("user_events", [{ ...ids(), type: "seen", tier: "free", actor: "" }]);
  const from = { source_topic: "requests", source_partition: user, source_offset: 0 };
  const letter = {
    reason: "test",
    key: user,
    value: `{"user_id":"${user}"}`,
    encoding: "utf8",
    value_bytes: 9,
  };
  await warehouse.insert("dead_letters", [{ ts, ...from, ...letter, ...origin }]);
  await storeAction(user, { ts, method: "PUT" });
}

interface StoredAction {
  readonly ts: number;
  readonly method: string;
  readonly path?: string;
}

async function storeAction(
  subject: string,
  { ts, method, path = "/api/users/:id" }: StoredAction,
): Promise<void> {
  const who = { role: "admin", via: "token", session: "", address: "127.0.0.1" };
  const what = { action: "a change", method, path, subject, details: "", status: 200, error: "" };
  const origin = { log_partition: "test", log_offset: 2 };
  await pipeline.deps.warehouse.insert("admin_actions", [
    { action_id: randomUUID(), ts, ...who, ...what, ...origin },
  ]);
}

async function storeErasure(user: string, ts: number): Promise<void> {
  const event = { event_id: randomUUID(), user_id: user, ts, type: "erased", tier: "", actor: "admin" };
  await pipeline.deps.warehouse.insert("user_events", [{ ...event, log_partition: "test", log_offset: 1 }]);
}

async function rowsOf(user: string): Promise<Record<string, number>> {
  const counts = Object.entries(TABLES).map(
    ([table, column]) => `(SELECT count() FROM ${table} WHERE ${column} = '${user}') AS ${table}`,
  );
  return one(`SELECT ${counts.join(", ")}`, z.record(z.string(), z.number()));
}

function sums() {
  return one(
    `SELECT count() AS requests, sum(cost) AS cost, uniqExact(user_id) AS users,
       (SELECT countIf(comment != '') FROM feedback_events FINAL) AS comments FROM request_events FINAL`,
    z.object({ requests: z.number(), cost: z.number(), users: z.number(), comments: z.number() }),
  );
}

async function one<Row>(sql: string, row: z.ZodType<Row>): Promise<Row> {
  const [found] = await pipeline.deps.warehouse.query({ sql, row });
  if (found === undefined) throw new Error("no row");
  return found;
}
