import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { forecastSpendJob } from "../../pipeline/jobs/forecast-spend.ts";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { startTestControl } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const DAY_MS = 86_400_000;
/** Noon, so that the days before are whole ones in any case. */
const NOW_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2;
/** Each forecast starts a thread. */
const SLOW_MS = 240_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  const days = Array.from({ length: 40 }, (_, index) => index + 1);
  await pipeline.store(
    days.flatMap((ago) =>
      [
        {
          provider: "gemini-flash",
          tier: "free",
          feature: "advice",
          cost: (3 + (ago % 7)) * USD,
          user_id: "ann",
        },
        { provider: "gpt-4o", tier: "premium", feature: "plan", cost: (5 + (ago % 3)) * USD, user_id: "bob" },
      ].map((given) => makeRequestEvent({ ts: NOW_MS - ago * DAY_MS, ...given })),
    ),
  );
});
afterAll(() => pipeline.close());

describe("forecast-spend", { timeout: SLOW_MS }, () => {
  it("the parts by provider, tier and feature sum to the total of each day, and scenarios and weights are kept", async () => {
    const report = await forecastSpendJob()(pipeline.deps, NOW_MS);
    expect(report).toMatchObject({
      notable: true,
      details: { days: 39, spendNano: [{ steps: 7 }, { steps: 30 }, { steps: 90 }] },
    });
    const apart = await pipeline.server.warehouse.query({
      sql: `SELECT target_date, sumIf(point, series = 'daily_spend') AS total,
              sumIf(point, series LIKE 'daily_spend:provider=%') AS providers,
              sumIf(point, series LIKE 'daily_spend:tier=%') AS tiers,
              sumIf(point, series LIKE 'daily_spend:feature=%') AS features
            FROM forecasts FINAL WHERE scenario = 'expected' AND horizon_days > 0 GROUP BY target_date`,
      row: z.object({
        target_date: z.string(),
        total: z.number(),
        providers: z.number(),
        tiers: z.number(),
        features: z.number(),
      }),
    });
    expect(apart).toHaveLength(90);
    for (const { total, providers, tiers, features } of apart) {
      for (const sum of [providers, tiers, features]) expect(Math.abs(sum - total)).toBeLessThan(10);
    }
    const [kept] = await pipeline.server.warehouse.query({
      sql: `SELECT uniqExact(scenario) AS scenarios, any(weights) AS weights, uniqExact(series) AS names
            FROM forecasts FINAL WHERE series IN ('daily_spend', 'daily_requests', 'daily_active_users')`,
      row: z.object({ scenarios: z.number(), weights: z.string(), names: z.number() }),
    });
    expect(kept).toMatchObject({ scenarios: 4, names: 3 });
    const weights = z.record(z.string(), z.number()).parse(JSON.parse(kept?.weights ?? ""));
    expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  });

  it("while no complete day has changed, only the rest of today is forecast anew; a late event changes that", async () => {
    const forecastSpend = forecastSpendJob();
    await forecastSpend(pipeline.deps, NOW_MS);
    expect(await forecastSpend(pipeline.deps, NOW_MS + 1_000)).toMatchObject({ notable: false });
    await pipeline.store([makeRequestEvent({ ts: NOW_MS - 3 * DAY_MS, cost: USD, feature: "plan" })]);
    expect(await forecastSpend(pipeline.deps, NOW_MS + 2_000)).toMatchObject({ notable: true });
  });

  it("users by provider and feature are forecast apart, because who uses two counts in both", async () => {
    const series = await pipeline.server.warehouse.query({
      sql: "SELECT DISTINCT series FROM forecasts FINAL WHERE series LIKE 'daily_active_users%' ORDER BY series",
      row: z.object({ series: z.string() }),
    });
    expect(series.map((row) => row.series)).toEqual([
      "daily_active_users",
      "daily_active_users:feature=advice",
      "daily_active_users:feature=plan",
      "daily_active_users:provider=gemini-flash",
      "daily_active_users:provider=gpt-4o",
      "daily_active_users:tier=free",
      "daily_active_users:tier=premium",
    ]);
  });

  it("a forecast is graded when its day has come, by its error and by whether the interval held", async () => {
    await pipeline.clear("forecasts");
    await forecastSpendJob()(pipeline.deps, NOW_MS - 8 * DAY_MS);
    await forecastSpendJob()(pipeline.deps, NOW_MS);
    await rollUp("requests")(pipeline.deps, NOW_MS);
    const control = await startTestControl({ ...pipeline.deps, now: () => NOW_MS });
    const { body } = await control.call("GET", "/api/forecasts/grades?series=daily_spend&daysAhead=7");
    expect(body).toMatchObject({
      grades: [
        { daysAhead: 1, days: 1 },
        { daysAhead: 7, days: 1 },
      ],
      // Two days ago: 3 + 2 dollars and 5 + 2.
      points: [{ date: new Date(NOW_MS - 2 * DAY_MS).toISOString().slice(0, 10), actual: 12 }],
    });
    const parts = await control.call("GET", "/api/forecasts/grades?series=daily_requests:tier%3Dfree");
    expect(parts.body).toMatchObject({ points: [{ actual: 1 }] });
    await control.close();
  });
});
