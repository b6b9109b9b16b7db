import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openSlowMetrics } from "../../pipeline/slow-rule-metrics.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const DAY_MS = 86_400_000;
const UNKNOWN = {
  forecast_peak_day_spend: null,
  forecast_usage_ratio: null,
  forecast_user_growth: null,
  user_satisfaction: null,
};

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() => pipeline.clear("forecasts", "request_events"));

interface Run {
  readonly series: string;
  readonly points: readonly number[];
  readonly madeAtMs?: number;
  readonly scenario?: string;
}

async function publish({ series, points, madeAtMs = Date.now(), scenario = "expected" }: Run): Promise<void> {
  const run_id = uuidv7();
  await pipeline.deps.warehouse.insert(
    "forecasts",
    points.map((point, index) => ({
      run_id,
      made_at: madeAtMs,
      series,
      unit: "any",
      scenario,
      target_date: new Date(madeAtMs + index * DAY_MS).toISOString().slice(0, 10),
      horizon_days: index + 1,
      point,
      lo80: point,
      hi80: point,
      lo95: point,
      hi95: point,
      model: "test",
    })),
  );
}

async function read() {
  const { warehouse, catalog } = pipeline.deps;
  const {
    usage_ratio: _,
    user_growth: __,
    paying_denied_share: ___,
    ...ahead
  } = await openSlowMetrics()(warehouse, catalog());
  return ahead;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

it("says of the forecasts what their definitions say, whatever they are", { timeout: 120_000 }, async () => {
  const points = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 90, maxLength: 90 });
  await fc.assert(
    fc.asyncProperty(points, points, points, async (spend, requests, users) => {
      await pipeline.clear("forecasts");
      await publish({ series: "daily_spend", points: spend.map((usd) => usd * USD) });
      await publish({ series: "daily_requests", points: requests });
      await publish({ series: "daily_active_users", points: users });
      // Neither parts nor other scenarios count, nor an older run.
      await publish({ series: "daily_spend:provider=x", points: spend.map(() => 9e18) });
      await publish({ series: "daily_spend", points: spend.map(() => 9e18), scenario: "optimistic" });
      await publish({
        series: "daily_requests",
        points: requests.map((_, day) => 1 + day ** 3),
        madeAtMs: Date.now() - DAY_MS,
      });
      const found = await read();
      expect(found.forecast_peak_day_spend).toBe(Math.max(...spend.slice(0, 7)));
      expect(found.forecast_usage_ratio).toBeCloseTo(
        mean(requests.slice(21, 28)) / mean(requests.slice(0, 7)),
        9,
      );
      const weekly = mean(users.slice(7, 14)) / mean(users.slice(0, 7));
      expect(found.forecast_user_growth).toBeCloseTo(Math.exp(Math.log(weekly) / 7) - 1, 9);
    }),
    { numRuns: 6 },
  );
});

it("knows a growth of so much a day by that number", async () => {
  await publish({
    series: "daily_active_users",
    points: Array.from({ length: 14 }, (_, day) => 50 * 1.25 ** day),
  });
  expect((await read()).forecast_user_growth).toBeCloseTo(0.25, 9);
});

it("says that it does not know, instead of a number, while there is too little or too old a forecast", async () => {
  expect(await read()).toEqual(UNKNOWN);
  await publish({ series: "daily_spend", points: Array.from({ length: 6 }, () => USD) });
  await publish({ series: "daily_requests", points: Array.from({ length: 27 }, () => 5) });
  await publish({ series: "daily_active_users", points: Array.from({ length: 13 }, () => 5) });
  expect(await read()).toEqual(UNKNOWN);

  await pipeline.clear("forecasts");
  const madeAtMs = Date.now() - 2 * DAY_MS - 60_000;
  for (const series of ["daily_spend", "daily_requests", "daily_active_users"]) {
    await publish({ series, points: Array.from({ length: 28 }, () => 5), madeAtMs });
  }
  expect(await read()).toEqual(UNKNOWN);
});

it("does not divide by nothing", async () => {
  await publish({
    series: "daily_requests",
    points: Array.from({ length: 28 }, (_, day) => (day < 7 ? 0 : 5)),
  });
  await publish({
    series: "daily_active_users",
    points: Array.from({ length: 14 }, (_, day) => (day < 7 ? 0 : 5)),
  });
  expect(await read()).toEqual(UNKNOWN);
});

it("counts of the last day what the plans of those who pay have refused, and nothing else", async () => {
  const { warehouse, catalog } = pipeline.deps;
  const share = async () =>
    (await openSlowMetrics()(warehouse, catalog())).paying_denied_share?.value ?? null;
  const requests = (length: number, given: object, ago = DAY_MS / 2) =>
    pipeline.store(Array.from({ length }, (_, at) => recentRequest(Date.now() - ago - at, given)));
  const refused = { outcome: "denied", denial_reason: "daily_requests_exceeded" };

  await requests(40, { tier: "premium" });
  await requests(9, { tier: "premium", ...refused });
  expect(await share()).toBeNull();
  await requests(1, { tier: "premium", ...refused });
  expect(await share()).toBeCloseTo(0.2, 9);

  await requests(30, { tier: "free", ...refused });
  await requests(30, { tier: "premium", ...refused }, 1.1 * DAY_MS);
  await requests(50, { tier: "premium", outcome: "denied", denial_reason: "weekly_budget_exceeded" });
  expect(await share()).toBeCloseTo(0.1, 9);
});
