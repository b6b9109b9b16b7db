import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { publishCatalog } from "../../pipeline/jobs/publish-settings.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import { ROLLUP_TABLES } from "../../warehouse/rollups/rollups.ts";
import { testCatalog } from "../pipeline/test-catalog.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

const DAY_MS = 86_400_000;
const USD = 1_000_000_000;
const catalog = testCatalog(undefined, { business: { infrastructureMonthly: 300, supportMonthly: 31 } });

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());
beforeEach(async () => {
  const tables = [
    "rollup_builds",
    "arrivals",
    "request_events",
    "user_events",
    "cost_events",
    "feedback_events",
  ];
  for (const table of [...Object.keys(ROLLUP_TABLES), ...tables])
    await server.warehouse.command(`TRUNCATE TABLE ${table}`);
  await publishCatalog(server.warehouse, catalog, Date.now());
});

const read = (sql: string) => server.warehouse.query({ sql, row: z.record(z.string(), z.unknown()) });
const build = (nowMs: number) => buildAllRollups(buildOptions(server.warehouse, "UTC", nowMs));

async function store(table: string, rows: readonly object[]): Promise<void> {
  await server.warehouse.insert(
    table,
    rows.map((row, i) => ({ ...row, log_partition: "p", log_offset: i })),
  );
}

function cost(given: { kind: string; amount: number; from: string; to: string; provider?: string }) {
  const { kind, amount, from, to, provider = "" } = given;
  return {
    event_id: uuidv7(),
    ts: Date.now(),
    kind,
    provider,
    amount,
    from_date: from,
    to_date: to,
    note: "",
  };
}

test("an entered cost replaces the constant on the days that it covers, to the last nano-dollar, credits too", async () => {
  const at = (index: number) => Date.UTC(2026, 9, 1 + index, 12);
  await store(
    "request_events",
    Array.from({ length: 4 }, (_, i) => makeRequestEvent({ ts: at(i), cost: 7 })),
  );
  await store("cost_events", [
    cost({ kind: "infrastructure", amount: 10, from: "2026-10-02", to: "2026-10-04" }),
    cost({ kind: "infrastructure", amount: -5, from: "2026-10-03", to: "2026-10-04" }),
  ]);
  await build(at(3));
  expect(
    await read(
      "SELECT toString(bi_costs_daily.day) AS day, ai, infrastructure, support, total, infrastructure_assumed FROM bi_costs_daily",
    ),
  ).toEqual(
    [
      { day: "2026-10-01", infrastructure: Math.floor((300 * USD) / 31), infrastructure_assumed: 1 },
      { day: "2026-10-02", infrastructure: 4, infrastructure_assumed: 0 },
      { day: "2026-10-03", infrastructure: 3 - 3, infrastructure_assumed: 0 },
      { day: "2026-10-04", infrastructure: 3 - 2, infrastructure_assumed: 0 },
    ].map((row) => ({ ...row, ai: 7, support: USD, total: 7 + USD + row.infrastructure })),
  );
});

test("a provider's invoice is held against what was recorded of it in its days", async () => {
  const at = (index: number) => Date.UTC(2026, 9, 1 + index, 12);
  const events = Array.from({ length: 6 }, (_, i) =>
    makeRequestEvent({ ts: at(i), cost: 100, provider: i % 2 === 0 ? "dear" : "cheap" }),
  );
  await store("request_events", events);
  await store("cost_events", [
    cost({ kind: "invoice", amount: 220, from: "2026-10-01", to: "2026-10-03", provider: "dear" }),
    cost({ kind: "invoice", amount: 50, from: "2026-10-01", to: "2026-10-31", provider: "unknown" }),
  ]);
  await build(at(5));
  expect(
    await read("SELECT provider, invoiced, recorded, difference, ratio FROM bi_invoices ORDER BY provider"),
  ).toEqual([
    { provider: "dear", invoiced: 220, recorded: 200, difference: 20, ratio: 0.1 },
    { provider: "unknown", invoiced: 50, recorded: 0, difference: 50, ratio: null },
  ]);
});

test("the baseline prices every request at the tier's most expensive provider, without any cache", async () => {
  const ts = Date.UTC(2026, 9, 1, 12);
  const tokens = { input_tokens: 1000, cached_input_tokens: 200, output_tokens: 300, reasoning_tokens: 50 };
  await store("request_events", [
    makeRequestEvent({ ts, tier: "premium", cost: 90_000, ...tokens }),
    makeRequestEvent({
      ts,
      tier: "premium",
      outcome: "cached",
      provider: "",
      cost: 0,
      cache_saved: 40_000,
      input_tokens: 0,
      cached_input_tokens: 0,
      output_tokens: 0,
      reasoning_tokens: 0,
    }),
  ]);
  await build(ts);
  // The premium tier's dearest provider: $0.50 a million tokens in, $2 out.
  const baseline = 1200 * 500 + 350 * 2000 + 40_000;
  expect(await read("SELECT tier, cost, baseline FROM bi_baseline_daily")).toEqual([
    { tier: "premium", cost: 90_000, baseline },
  ]);
});

test("targets are judged over the last 30 complete days, and what is not known is neither met nor missed", async () => {
  expect(await read("SELECT target, value, met FROM bi_targets")).toEqual(
    ["cost-per-active-user", "cost-reduction", "margin", "response-time", "satisfaction", "uptime"].map(
      (target) => ({ target, value: null, met: null }),
    ),
  );
  const noon = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;
  const requests = Array.from({ length: 200 }, (_, i) =>
    makeRequestEvent({
      ts: noon + i * 60_000,
      user_id: `user-${i % 4}`,
      tier: "premium",
      outcome: i < 2 ? "failed" : "ok",
      latency_ms: i < 20 ? 3_000 : 1_000,
      cost: USD / 50,
    }),
  );
  await store("request_events", requests);
  await store(
    "user_events",
    Array.from({ length: 4 }, (_, i) => ({
      event_id: uuidv7(),
      user_id: `user-${i}`,
      ts: noon - 40 * DAY_MS,
      type: "set",
      tier: "premium",
      actor: "test",
    })),
  );
  await store(
    "feedback_events",
    requests.slice(2, 12).map(({ request_id, user_id, ts }, i) => ({
      event_id: uuidv7(),
      request_id,
      user_id,
      ts,
      rating: i < 5 ? 4 : 5,
      comment: "",
      source: "live",
    })),
  );
  await build(Date.now());
  const targets = await read("SELECT target, value, met FROM bi_targets");
  const of = (name: string) => targets.find(({ target }) => target === name);
  // Four dollars and four users; minutes with a failed request are down.
  expect(of("cost-per-active-user")).toEqual({ target: "cost-per-active-user", value: 1, met: 1 });
  expect(of("uptime")).toMatchObject({ value: 198 / 200, met: 0 });
  expect(of("response-time")).toMatchObject({ met: 0 });
  expect(of("satisfaction")).toMatchObject({ value: 4.5, met: 1 });
  expect(of("margin")).toMatchObject({ met: 0 });
  expect(of("cost-reduction")).toMatchObject({ met: 0 });
});
