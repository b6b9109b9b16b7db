import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import { consecutive } from "../../warehouse/rollups/day-runs.ts";
import { forgetOldVersions } from "../../warehouse/rollups/forget-old-versions.ts";
import { ROLLUP_TABLES } from "../../warehouse/rollups/rollups.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.UTC(2026, 9, 1, 12);

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());
beforeEach(async () => {
  const tables = [
    ...Object.keys(ROLLUP_TABLES),
    "rollup_builds",
    "arrivals",
    "request_events",
    "user_events",
    "settings",
  ];
  for (const table of tables) await server.warehouse.command(`TRUNCATE TABLE ${table}`);
});

const day = (index: number, count: number, given: Partial<Record<keyof RequestEvent, unknown>> = {}) =>
  Array.from({ length: count }, (_, i) =>
    makeRequestEvent({ ts: FIRST_MS + index * DAY_MS + i, user_id: `user-${i % 7}`, cost: 10, ...given }),
  );

async function store(events: readonly RequestEvent[]): Promise<void> {
  const rows = events.map((event, i) => ({ ...event, log_partition: "p", log_offset: i }));
  await server.warehouse.insert("request_events", rows);
}

/** Users count as active from the event that made them known. */
async function meet(users: readonly string[], tier = "free", ts = FIRST_MS - DAY_MS): Promise<void> {
  const rows = users.map((user_id, log_offset) => ({
    ...{ event_id: uuidv7(), user_id, ts, type: "set", tier, actor: "test" },
    ...{ log_partition: "p", log_offset },
  }));
  await server.warehouse.insert("user_events", rows);
}

const build = (timeZone = "UTC", nowMs = FIRST_MS + 5 * DAY_MS) =>
  buildAllRollups(buildOptions(server.warehouse, timeZone, nowMs));

/** From the rollup alone: what no build has seen is not in it. */
async function requestsByDay() {
  const rows = await server.warehouse.query({
    sql: "SELECT toString(day) AS day, sum(requests) AS requests FROM requests_by_hour GROUP BY day ORDER BY day",
    row: z.object({ day: z.string(), requests: z.number() }),
  });
  return Object.fromEntries(rows.map((row) => [row.day, row.requests]));
}

test("a build makes the days that have got new rows, and nothing when there are none", async () => {
  await store([...day(0, 5), ...day(1, 7)]);
  expect(await build()).toMatchObject({ requests: 2 });
  expect(await requestsByDay()).toEqual({ "2026-10-01": 5, "2026-10-02": 7 });
  await store(day(1, 3));
  expect((await build()).requests).toBe(1);
  expect(await requestsByDay()).toEqual({ "2026-10-01": 5, "2026-10-02": 10 });
  expect((await build()).requests).toBe(0);
});

test("a rating that is changed on a later day counts there, and no more on the day before", async () => {
  await server.warehouse.command("TRUNCATE TABLE feedback_events");
  const nowMs = Date.now();
  const request = makeRequestEvent({ ts: nowMs - 3 * DAY_MS });
  const rate = (ts: number, rating: number, given: object = {}) => {
    const { request_id, user_id, app_id } = request;
    const row = {
      event_id: uuidv7(),
      request_id,
      user_id,
      app_id,
      ts,
      rating,
      comment: "",
      source: "live",
      ...given,
    };
    return server.warehouse.insert("feedback_events", [{ ...row, log_partition: uuidv7(), log_offset: 0 }]);
  };
  const ratings = async () => {
    await build("UTC", nowMs);
    return server.warehouse.query({
      sql: "SELECT toString(day) AS day, provider, sum(ratings) AS ratings, sum(rating_sum) AS stars FROM ratings_by_day GROUP BY day, provider ORDER BY day",
      row: z.object({ day: z.string(), provider: z.string(), ratings: z.number(), stars: z.number() }),
    });
  };
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const provider = "gemini-flash";
  await store([request]);
  await rate(nowMs - 2 * DAY_MS, 1);
  await rate(nowMs - 2 * DAY_MS, 1, { request_id: uuidv7() });
  expect(await ratings()).toEqual([{ day: dayOf(nowMs - 2 * DAY_MS), provider, ratings: 1, stars: 1 }]);
  await rate(nowMs - DAY_MS, 5);
  expect(await ratings()).toEqual([{ day: dayOf(nowMs - DAY_MS), provider, ratings: 1, stars: 5 }]);
});

test("a late event reaches its day, and everything that looks back on that day", async () => {
  await meet(["latecomer", ...Array.from({ length: 5 }, (_, i) => `user-${i}`)]);
  await store([...day(0, 5), ...day(40, 5)]);
  await build("UTC", FIRST_MS + 40 * DAY_MS);
  await store(day(1, 1, { user_id: "latecomer" }));
  const made = await build("UTC", FIRST_MS + 40 * DAY_MS);
  expect(made).toMatchObject({ requests: 1, activity: 40 });
  const [row] = await server.warehouse.query({
    sql: "SELECT active_30 FROM activity_by_day WHERE day = '2026-10-20' AND tier = ''",
    row: z.object({ active_30: z.number() }),
  });
  expect(row?.active_30).toBe(6);
});

test("a user who changes the tier is active in the one of the day's end, from the day of the change on, and in no other", async () => {
  await meet(["user-0"], "free");
  await store([...day(0, 1), ...day(1, 1), ...day(2, 1)]);
  await build();
  await meet(["user-0"], "premium", FIRST_MS + 2 * DAY_MS);
  await build();
  const rows = await server.warehouse.query({
    sql: "SELECT toString(day) AS day, tier, active_30 FROM activity_by_day WHERE day >= '2026-10-02' AND day <= '2026-10-03' ORDER BY day, tier",
    row: z.object({ day: z.string(), tier: z.string(), active_30: z.number() }),
  });
  expect(rows.filter(({ active_30 }) => active_30 > 0)).toEqual([
    { day: "2026-10-02", tier: "", active_30: 1 },
    { day: "2026-10-02", tier: "free", active_30: 1 },
    { day: "2026-10-03", tier: "", active_30: 1 },
    { day: "2026-10-03", tier: "premium", active_30: 1 },
  ]);
});

test("a request of a user whom no event has made known yet counts as soon as the event comes", async () => {
  await store(day(0, 1));
  const active = async (): Promise<number> => {
    await build();
    const sql = "SELECT sum(active) AS active FROM activity_by_day WHERE day = '2026-10-01' AND tier = ''";
    const [row] = await server.warehouse.query({ sql, row: z.object({ active: z.number() }) });
    return row?.active ?? -1;
  };
  expect(await active()).toBe(0);
  await meet(["user-0"]);
  expect(await active()).toBe(1);
});

test("two builds at once, and a build that died in the middle, double nothing", async () => {
  await store(day(0, 20));
  await Promise.all([build(), build(), build()]);
  expect(await requestsByDay()).toEqual({ "2026-10-01": 20 });
  // What a crash before the last insert leaves: rows of a version that no entry names.
  await server.warehouse.command(
    "INSERT INTO rollup_requests_hourly SELECT * REPLACE (version + 1000000000 AS version) FROM rollup_requests_hourly",
  );
  expect(await requestsByDay()).toEqual({ "2026-10-01": 20 });
});

test("an orphaned row that gives way to the real one leaves nothing of itself", async () => {
  const [real] = day(0, 1, { provider: "gpt-4o", cost: 5 });
  if (real === undefined) throw new Error("no event");
  await store([{ ...real, outcome: "orphaned", provider: "", cost: 100 }]);
  await build();
  await store([real]);
  await build();
  const rows = await server.warehouse.query({
    sql: "SELECT provider, orphaned, cost FROM requests_by_hour",
    row: z.object({ provider: z.string(), orphaned: z.number(), cost: z.number() }),
  });
  expect(rows).toEqual([{ provider: "gpt-4o", orphaned: 0, cost: 5 }]);
});

test("another time zone cuts the days anew, and until then no day is cut wrongly", async () => {
  await store([...day(0, 4, { ts: Date.UTC(2026, 9, 1, 23, 30) }), ...day(1, 2)]);
  await build();
  expect(await requestsByDay()).toEqual({ "2026-10-01": 4, "2026-10-02": 2 });
  await server.warehouse.insert("settings", [{ key: "timezone", value: "Europe/Berlin" }]);
  expect(await requestsByDay()).toEqual({});
  await build("Europe/Berlin");
  expect(await requestsByDay()).toEqual({ "2026-10-02": 6 });
});

test("spend shows events that no build has seen yet", async () => {
  await store(day(0, 5));
  await build();
  await store([...day(0, 2), ...day(1, 3)]);
  const rows = await server.warehouse.query({
    sql: "SELECT toString(bi_spend_daily.day) AS day, requests, users FROM bi_spend_daily",
    row: z.object({ day: z.string(), requests: z.number(), users: z.number() }),
  });
  expect(rows).toEqual([
    { day: "2026-10-01", requests: 7, users: 5 },
    { day: "2026-10-02", requests: 3, users: 3 },
  ]);
});

test("what later builds have replaced is deleted, and no number changes", async () => {
  await store([...day(0, 5), ...day(1, 7)]);
  await build();
  await store(day(1, 1));
  await build();
  const before = await requestsByDay();
  const deleted = await forgetOldVersions(server.warehouse, Date.now() + 2 * HOUR_MS);
  expect(deleted.rollup_users_daily).toBeGreaterThan(0);
  expect(deleted.rollup_subscriptions_daily).toBe(0);
  expect(await requestsByDay()).toEqual(before);
  const [stored] = await server.warehouse.query({
    sql: "SELECT uniqExact(day, version) AS versions FROM rollup_requests_hourly",
    row: z.object({ versions: z.number() }),
  });
  expect(stored?.versions).toBe(2);
  expect(
    Object.values(await forgetOldVersions(server.warehouse, Date.now() + 2 * HOUR_MS)).every(
      (rows) => rows === 0,
    ),
  ).toBe(true);
});

test("days are made in runs without gaps, the newest first, none longer than allowed", () => {
  const runs = consecutive(["2026-03-01", "2026-02-27", "2026-02-28", "2026-01-01"], {
    stepDays: 1,
    maxDaysAtOnce: 2,
  });
  expect(runs.map(({ first, last }) => [first, last])).toEqual([
    ["2026-02-28", "2026-03-01"],
    ["2026-02-27", "2026-02-27"],
    ["2026-01-01", "2026-01-01"],
  ]);
});
