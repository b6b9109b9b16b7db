import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { ErasedFromLog } from "../../ingest/erase-from-segments.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import type { JobDeps } from "../../pipeline/job.ts";
import { eraseUsers } from "../../pipeline/jobs/erase-users.ts";
import { forgetOldRollups } from "../../pipeline/jobs/forget-old-rollups.ts";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { ROLLUP_NAMES } from "../../warehouse/rollups/rollups.ts";
import { silent, startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { findInFiles } from "../support/search-files.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const catalog = testCatalog({ features: { plan: { cache: { minutes: 600 } } } });
const PROMPT = `what only I would ask ${randomUUID()}`;
const COMMENT = `what only I would say ${randomUUID()}`;

let skippedMs = 0;
const now = (): number => Date.now() + skippedMs;

let directory: string;
let warehouse: TestWarehouse;
let gateway: TestGateway;
let sink: Sink;
let control: TestControl;
let deps: JobDeps;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-erasure-"));
  [warehouse, gateway] = await Promise.all([
    startTestWarehouse(),
    startTestGateway({ directory, catalog, now }),
  ]);
  const onError = (): void => undefined;
  sink = await startSink({ log: gateway.records, warehouse: warehouse.warehouse, now, gatherMs: 5, onError });
  const shared = { log: gateway.log, warehouse: warehouse.warehouse, catalog: () => catalog, now };
  control = await startTestControl(shared);
  const gatewayTotals = async () => ({ events: 0, costNano: 0 });
  deps = { ...shared, directory: control.directory, newId: randomUUID, logger: silent, gatewayTotals };
});
afterAll(async () => {
  await warehouse.close();
  await rm(directory, { recursive: true, force: true });
});

/** Asks, asks again, rates, gets another tier, and is named in what no reader takes. Returns the answer's id. */
async function live(id: string): Promise<string> {
  const ask = async () => {
    const response = await gateway.post(
      { model: "auto", messages: [{ role: "user", content: `${PROMPT} ${id}` }] },
      { "x-vigor-user": id, "x-vigor-feature": "plan" },
    );
    return { response, answer: z.looseObject({ id: z.string() }).parse(await response.json()).id };
  };
  const { response, answer } = await ask();
  expect((await ask()).response.headers.get("x-vigor-cache")).toBe("hit");
  await gateway.events();
  const rated = await fetch(`${gateway.url}/v1/feedback`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.key}`,
      "content-type": "application/json",
      "x-vigor-user": id,
    },
    body: JSON.stringify({
      request_id: response.headers.get("x-vigor-request-id"),
      rating: 5,
      comment: `${COMMENT} ${id}`,
      user: id,
    }),
  });
  expect(rated.status, await rated.text()).toBeLessThan(300);
  expect((await control.call("PUT", `/api/users/${id}`, { tier: "unlimited" })).status).toBe(200);
  const poison = Buffer.from(JSON.stringify({ user_id: id, prompt: `${PROMPT} ${id}` }));
  await gateway.records.append("requests", [{ key: id, value: poison }]);
  return answer;
}

async function intoWarehouse(): Promise<void> {
  await gateway.events();
  await expect.poll(() => sink.lag(), { timeout: 20_000, interval: 20 }).toBe(0);
  await eraseUsers(deps, now());
  for (const name of ROLLUP_NAMES) await rollUp(name)(deps, now());
}

/** The tables of which a text column holds the text. */
async function findInTables(text: string): Promise<string[]> {
  const columns = await warehouse.warehouse.query({
    sql: `SELECT table, name FROM system.columns WHERE database = currentDatabase()
      AND (type LIKE '%String%' OR type LIKE '%Map%') AND type NOT LIKE 'AggregateFunction%'
      AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')`,
    row: z.object({ table: z.string(), name: z.string() }),
  });
  expect(columns.length).toBeGreaterThan(50);
  const found = new Set<string>();
  for (const { table, name } of columns) {
    const [row] = await warehouse.warehouse.query({
      sql: `SELECT count() AS rows FROM \`${table}\` WHERE position(toString(${name}), {text:String}) > 0`,
      params: { text },
      row: z.object({ rows: z.number() }),
    });
    if ((row?.rows ?? 0) > 0) found.add(table);
  }
  return [...found].sort();
}

/** Parts that were replaced are deleted after eight minutes; here at once. */
async function dropOldParts(): Promise<void> {
  const tables = await warehouse.warehouse.query({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    row: z.object({ name: z.string() }),
  });
  for (const { name } of tables)
    await warehouse.warehouse.command(`ALTER TABLE \`${name}\` MODIFY SETTING old_parts_lifetime = 1, cleanup_delay_period = 1,
      cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1`);
  // The next cleaning is minutes away; a start cleans at once.
  await warehouse.kill();
  await warehouse.restart();
  await waitFor(
    "the end of replaced parts",
    async () => {
      const [row] = await warehouse.warehouse.query({
        sql: "SELECT count() AS parts FROM system.parts WHERE database = currentDatabase() AND NOT active",
        row: z.object({ parts: z.number() }),
      });
      return row?.parts === 0;
    },
    90_000,
  );
}

it("after an erasure no file and no table holds the user's id, questions, answers or comments, while others' stay and all sums do; who comes back is new", async () => {
  const [gone, back, stays] = ["gone", "back", "stays"].map((name) => `${name}-${randomUUID()}`);
  if (gone === undefined || back === undefined || stays === undefined)
    throw new Error("three users are needed");
  const answer = await live(gone);
  await live(back);
  await live(stays);
  await intoWarehouse();
  const spent = async () =>
    warehouse.warehouse.query({
      sql: "SELECT count() AS rows, sum(cost) AS cost, (SELECT sum(cost) FROM bi_spend_daily) AS daily FROM request_events FINAL",
      row: z.object({ rows: z.number(), cost: z.number(), daily: z.number() }),
    });
  const before = await spent();
  // What is looked for is found where it is.
  for (const part of ["log", "usage"])
    expect(await findInFiles(join(directory, part), gone), part).not.toEqual([]);
  expect(await findInFiles(join(directory, "cache"), answer)).not.toEqual([]);
  expect(await findInFiles(warehouse.directory, gone)).not.toEqual([]);
  expect(await findInTables(gone)).toEqual([
    "admin_actions",
    "feedback_events",
    "request_events",
    "rollup_users_daily",
    "user_events",
  ]);
  expect(await findInTables(`${COMMENT} ${gone}`)).toEqual(["feedback_events"]);
  for (const text of [`${PROMPT} ${gone}`, answer]) expect(await findInTables(text)).toEqual([]);

  for (const id of [gone, back]) expect((await control.call("DELETE", `/api/users/${id}`)).status).toBe(200);
  await waitFor("the erasure", () => [gone, back].every((id) => lifeOf(id) > 0));
  skippedMs += 2 * MINUTE_MS;
  await intoWarehouse();
  expect(await findInTables(`${COMMENT} ${gone}`)).toEqual([]);

  await live(back);
  await intoWarehouse();
  const listed = await control.call("GET", `/api/users?search=${back}`);
  expect(listed.body).toMatchObject({ users: [{ id: back, tier: "unlimited" }] });
  const exported = await control.call("GET", `/api/users/${back}/export`);
  expect(exported.body.requests).toHaveLength(2);
  expect(exported.body.ratings).toHaveLength(1);

  skippedMs += 25 * HOUR_MS;
  await intoWarehouse();
  skippedMs += 2 * HOUR_MS;
  await intoWarehouse();
  await forgetOldRollups(deps, now());
  await dropOldParts();
  await stopAndForget();

  const told = [gone, `${PROMPT} ${gone}`, `${COMMENT} ${gone}`, answer];
  for (const text of told) {
    expect(await findInTables(text), text).toEqual([]);
    expect(await findInFiles(directory, text), text).toEqual([]);
    expect(await findInFiles(warehouse.directory, text), text).toEqual([]);
  }
  for (const part of [directory, warehouse.directory])
    for (const id of [back, stays]) expect(await findInFiles(part, id)).not.toEqual([]);
  expect(await findInFiles(join(directory, "log"), `${COMMENT} ${stays}`)).not.toEqual([]);
  const after = await spent();
  expect(after[0]?.rows).toBe((before[0]?.rows ?? 0) + 2);
  expect(after[0]?.daily).toBe(after[0]?.cost);
}, 240_000);

function lifeOf(id: string): number {
  return gateway.running.gateway.directory.lifeOf(z.string().brand<"UserId">().parse(id));
}

/** Everything stops, so that no segment is written any more, and the ingest of the next start looks after the log. */
async function stopAndForget(): Promise<void> {
  await sink.close();
  await control.close();
  await gateway.close();
  const erased: ErasedFromLog[] = [];
  const log = await openEmbeddedEventLog({
    directory: join(directory, "log"),
    writer: "ingest",
    now,
    erasure: true,
    retentionEveryMs: 10,
    onErasure: (told) => erased.push(told),
  });
  await waitFor("the log's upkeep", () => erased.length > 0);
  await log.close();
  expect(erased).toMatchObject([{ users: 2, waiting: 0 }]);
}
