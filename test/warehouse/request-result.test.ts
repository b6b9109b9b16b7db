import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { judgeOutcome, outcome } from "../../models/domain/request-event.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());

/** Every outcome with every kind of status; the minutes before this one, so that the live views see them, too. */
const STATUSES = [0, 200, 400, 404, 413, 429, 499, 500, 503];
const NOW_MS = Date.now();
const events = [
  ...outcome.options.flatMap((each) => STATUSES.map((http_status) => ({ outcome: each, http_status }))),
  ...Array.from({ length: 50 }, () => ({ outcome: "failed", http_status: 400 })),
].map((given) =>
  makeRequestEvent({ ...given, ts: NOW_MS - 120_000, denial_reason: "x", attempts: [], cost: 0 }),
);

it("the warehouse judges a request as the gateway does: what the client asked wrongly (4xx) or gave up is no failure", async () => {
  await store(events);
  const rows = await server.warehouse.query({
    sql: "SELECT DISTINCT outcome, http_status, result FROM request_events FINAL",
    row: z.object({ outcome, http_status: z.number(), result: outcome }),
  });
  expect(rows).toHaveLength(outcome.options.length * STATUSES.length);
  for (const row of rows) expect(row).toMatchObject({ result: judgeOutcome(row) });
  const failed = rows.filter(({ result }) => result === "failed").map(({ http_status }) => http_status);
  expect(failed.sort((a, b) => a - b)).toEqual([0, 200, 500, 503]);
});

it("fifty bad requests and a hundred that were given up leave the day's uptime whole, live and in the rollups", async () => {
  await server.warehouse.command("TRUNCATE TABLE request_events");
  const mistakes = [
    ...Array.from({ length: 50 }, () => ({
      outcome: "failed",
      http_status: 400,
      denial_reason: "provider_rejected",
    })),
    ...Array.from({ length: 50 }, () => ({
      outcome: "denied",
      http_status: 400,
      denial_reason: "invalid_json",
    })),
    ...Array.from({ length: 50 }, () => ({ outcome: "aborted", http_status: 0 })),
    ...Array.from({ length: 50 }, () => ({ outcome: "aborted", http_status: 200 })),
    { outcome: "ok", http_status: 200 },
  ];
  const made = mistakes.map((given) => makeRequestEvent({ ...given, ts: NOW_MS - 120_000, cost: 0 }));
  await store(made);
  const [live] = await server.warehouse.query({
    sql: "SELECT served_5m, failed_5m FROM bi_realtime",
    row: z.object({ served_5m: z.number(), failed_5m: z.number() }),
  });
  expect(live).toEqual({ served_5m: 101, failed_5m: 0 });
  await buildAllRollups(buildOptions(server.warehouse, "UTC", NOW_MS + 48 * 3_600_000));
  const [day] = await server.warehouse.query({
    sql: "SELECT requests, served, failed, denied, error_rate, uptime FROM bi_performance_system",
    row: z.record(z.string(), z.unknown()),
  });
  expect(day).toEqual({ requests: 201, served: 101, failed: 0, denied: 100, error_rate: 0, uptime: 1 });
});

async function store(given: typeof events): Promise<void> {
  const rows = given.map((event, at) => ({ ...event, log_partition: "test", log_offset: at }));
  await server.warehouse.insert("request_events", rows);
}
