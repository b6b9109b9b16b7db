import { Temporal } from "temporal-polyfill";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const OUTCOMES = ["ok", "cached", "denied", "failed", "aborted", "orphaned"] as const;

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());
beforeEach(async () => {
  for (const table of ["request_events", "settings", "log_offsets"]) {
    await server.warehouse.command(`TRUNCATE TABLE ${table}`);
  }
});

test.each(["UTC", "Asia/Kolkata", "America/New_York"])(
  "spend by day follows the calendar of %s, also across a change of the clock, and a replay changes nothing",
  async (timezone) => {
    await set("timezone", timezone);
    const start = Date.UTC(2026, 9, 30);
    const events = Array.from({ length: 400 }, (_, i) =>
      makeRequestEvent({
        ts: start + i * 47 * MINUTE_MS,
        cost: 1_000_000_007 + i,
        user_id: `user-${i % 7}`,
        outcome: OUTCOMES[i % OUTCOMES.length],
      }),
    );
    await insertEvents(events);
    await insertEvents(events);
    const row = z.object({
      day: z.string(),
      requests: z.number(),
      ok: z.number(),
      users: z.number(),
      cost: z.number(),
    });
    const rows = await server.warehouse.query({
      sql: "SELECT day, requests, ok, users, cost FROM bi_spend_daily",
      row,
    });
    expect(rows).toEqual(spendByDay(events, timezone));
  },
);

test("spend by hour adds up to spend by day", async () => {
  const events = Array.from({ length: 200 }, (_, i) =>
    makeRequestEvent({
      ts: Date.UTC(2026, 10, 1) + i * 20 * MINUTE_MS,
      cost: i,
      provider: `p${i % 3}`,
      tier: `t${i % 2}`,
    }),
  );
  await insertEvents(events);
  const row = z.object({ requests: z.number(), cost: z.number() });
  const [hourly] = await server.warehouse.query({
    sql: "SELECT sum(requests) AS requests, sum(cost) AS cost FROM bi_spend_hourly",
    row,
  });
  expect(hourly).toEqual({ requests: 200, cost: sumOf(events) });
});

test("reconciliation tells copies of an event from events, partition by partition", async () => {
  const [a, b] = [makeRequestEvent({ cost: 5 }), makeRequestEvent({ cost: 7 })];
  await insertEvents([a, b], { partition: "one" });
  await insertEvents([b], { partition: "two", offset: 4 });
  await server.warehouse.insert("log_offsets", [
    { topic: "requests", partition: "one", next_offset: 2, inserted: 2, dead: 0 },
    { topic: "requests", partition: "two", next_offset: 5, inserted: 1, dead: 4 },
  ]);
  const row = z.object({
    next: z.number(),
    inserted: z.number(),
    dead: z.number(),
    distinct: z.number(),
    cost: z.number(),
  });
  const [total] = await server.warehouse.query({
    sql: `SELECT sum(next_offset) AS next, sum(inserted) AS inserted, sum(dead) AS dead,
      sum(distinct_events) AS distinct, sum(cost) AS cost FROM bi_reconciliation`,
    row,
  });
  expect(total).toEqual({ next: 7, inserted: 3, dead: 4, distinct: 2, cost: 12 });
});

test("without settings, history or requests the present is unknown rather than 0", async () => {
  expect(await realtime()).toMatchObject({
    timezone: "UTC",
    daily_spend: 0,
    projected_daily_spend: null,
    projected_daily_spend_low80: null,
    projected_daily_spend_high80: null,
    avg_cost_per_request: null,
    normal_hourly_spend: null,
    cost_spike: null,
    daily_budget: null,
    heavy_usage: null,
    provider_down: 0,
  });
});

test("the present: rates, users, averages, budget and a provider that is down", async () => {
  const now = Date.now();
  const call = (outcome: string) => [{ provider: "gpt-4o", outcome, ms: 1 }];
  const events = [
    ...Array.from({ length: 15 }, (_, i) =>
      makeRequestEvent({
        ts: now - 10_000 - i,
        user_id: `u${i}`,
        cost: 100,
        outcome: "failed",
        attempts: call("server-error"),
      }),
    ),
    ...Array.from({ length: 6 }, (_, i) =>
      makeRequestEvent({ ts: now - 2 * MINUTE_MS, user_id: `u${i}`, cost: 300, attempts: call("ok") }),
    ),
    makeRequestEvent({
      ...{ ts: now - 10 * MINUTE_MS, user_id: "gone", cost: 1_000, attempts: call("aborted") },
      source: "simulated",
    }),
  ];
  await insertEvents(events);
  await set("daily_budget_nano", "4000");
  await set("target_daily_spend_nano", "100");
  const row = await realtime();
  expect(row).toMatchObject({
    users_online: 15,
    requests_per_minute: 15,
    last_hour_spend: 4_300,
    avg_cost_per_request: 4_300 / 7,
    target_daily_spend: 100,
    served_5m: 21,
    failed_5m: 15,
    provider_down: 1,
    providers_down: ["gpt-4o"],
  });
  const startOfDay = new Date(row.as_of_ms).setUTCHours(0, 0, 0, 0);
  const spentToday = sumOf(events.filter(({ ts }) => ts >= startOfDay));
  expect(row.daily_spend).toBe(spentToday);
  // Of it, so that real money and made-up money are never taken for one.
  expect(row.simulated_daily_spend).toBe(now - 10 * MINUTE_MS >= startOfDay ? 1_000 : 0);
  expect(row.heavy_usage).toBe(spentToday > 3_200 ? 1 : 0);
});

test("the rest of the day follows the time of day of the days before, and a spike is twice the same hour's median", async () => {
  const now = Date.now();
  // Every five minutes of 15 days: 10 nano-dollars by night, 1,000 from 12:00 to 18:00 UTC.
  const costAt = (ts: number): number =>
    new Date(ts).getUTCHours() >= 12 && new Date(ts).getUTCHours() < 18 ? 1_000 : 10;
  const history: RequestEvent[] = [];
  for (let ts = now - 15 * DAY_MS; ts < now - HOUR_MS; ts += 5 * MINUTE_MS)
    history.push(makeRequestEvent({ ts, cost: costAt(ts) }));
  await insertEvents(history);
  await insertEvents([makeRequestEvent({ ts: now - MINUTE_MS, cost: 1_000_000 })]);
  await server.warehouse.command("SYSTEM REFRESH VIEW spend_quarter_hours");
  await server.warehouse.command("SYSTEM WAIT VIEW spend_quarter_hours");
  const row = await realtime();
  expect(row.projection_basis).toBe("time-of-day profile");
  const endOfDay = new Date(row.as_of_ms).setUTCHours(24, 0, 0, 0);
  let rest = 0;
  for (let ts = row.as_of_ms; ts < endOfDay; ts += MINUTE_MS) rest += costAt(ts) / 5;
  const projectedRest = (row.projected_daily_spend ?? 0) - row.daily_spend;
  // Within what the edges of quarters and five minutes can make.
  expect(Math.abs(projectedRest - rest)).toBeLessThanOrEqual(4_000);
  const { projected_daily_spend_low80: low, projected_daily_spend_high80: high } = row;
  expect(low).toBeLessThanOrEqual(row.projected_daily_spend ?? 0);
  expect(high).toBeGreaterThanOrEqual(row.projected_daily_spend ?? 0);
  expect(low).toBeGreaterThanOrEqual(row.daily_spend);
  expect(row.cost_spike).toBe(1);
});

const realtimeRow = z.looseObject({
  as_of_ms: z.number(),
  daily_spend: z.number(),
  simulated_daily_spend: z.number(),
  projected_daily_spend: z.number().nullable(),
  projected_daily_spend_low80: z.number().nullable(),
  projected_daily_spend_high80: z.number().nullable(),
  projection_basis: z.string(),
  heavy_usage: z.number().nullable(),
  cost_spike: z.number().nullable(),
});

async function realtime() {
  const rows = await server.warehouse.query({
    sql: "SELECT *, toUnixTimestamp64Milli(as_of) AS as_of_ms FROM bi_realtime",
    row: realtimeRow,
  });
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw new Error(`bi_realtime has ${rows.length} rows`);
  return row;
}

async function set(key: string, value: string): Promise<void> {
  await server.warehouse.insert("settings", [{ key, value }]);
}

async function insertEvents(
  events: readonly RequestEvent[],
  given: { partition?: string; offset?: number } = {},
) {
  const { partition = "p", offset = 0 } = given;
  const rows = events.map((event, i) => ({ ...event, log_partition: partition, log_offset: offset + i }));
  await server.warehouse.insert("request_events", rows);
}

function spendByDay(events: readonly RequestEvent[], timezone: string) {
  const days = new Map<string, RequestEvent[]>();
  for (const event of events) {
    const day = Temporal.Instant.fromEpochMilliseconds(event.ts)
      .toZonedDateTimeISO(timezone)
      .toPlainDate()
      .toString();
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  return [...days].map(([day, ofDay]) => ({
    day,
    requests: ofDay.length,
    ok: ofDay.filter(({ outcome }) => outcome === "ok" || outcome === "cached").length,
    users: new Set(ofDay.map(({ user_id }) => user_id)).size,
    cost: sumOf(ofDay),
  }));
}

function sumOf(events: readonly RequestEvent[]): number {
  return events.reduce((sum, { cost }) => sum + cost, 0);
}
