import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { forecastSpend } from "../../pipeline/jobs/forecast-spend.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const DAY_MS = 86_400_000;
/** Noon, so that the days before are whole ones in any case. */
const NOW_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2;

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

describe("forecast-spend", () => {
  it("the parts by provider, tier and feature sum to the total of each day, and scenarios and weights are kept", async () => {
    const report = await forecastSpend(pipeline.deps, NOW_MS);
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

  it("a forecast is graded when its day has come", async () => {
    await pipeline.clear("forecasts");
    await forecastSpend(pipeline.deps, NOW_MS - 5 * DAY_MS);
    const { details } = await forecastSpend(pipeline.deps, NOW_MS);
    const { realised } = z
      .object({
        realised: z.array(z.object({ daysAhead: z.number(), days: z.number(), wape: z.number().nullable() })),
      })
      .parse(details);
    expect(realised).toMatchObject([{ daysAhead: 1, days: 1 }]);
  });
});
