import { z } from "zod";
import type { Catalog } from "../models/domain/catalog.ts";
import { usdFromNano } from "../models/domain/money.ts";
import { type Estimate, estimateMean, estimateShare, MIN_SAMPLE } from "../models/rules/estimate.ts";
import type { MetricValues } from "../models/rules/metrics.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

type SlowMetrics = Pick<
  MetricValues,
  "user_growth" | "usage_ratio" | "forecast_peak_day_spend" | "forecast_usage_ratio" | "forecast_user_growth"
> & {
  readonly paying_denied_share: Estimate | null;
  readonly user_satisfaction: Estimate | null;
};

/** Metrics of growth, of whole days and of the further future. */
export type SlowMetricsReader = (warehouse: Warehouse, catalog: Catalog) => Promise<SlowMetrics>;

/** They change by the hour, and are too dear to be asked for every two seconds. Milliseconds. */
const MAX_AGE_MS = 30_000;
/** Below these numbers a ratio says nothing. */
const MIN_USERS = 50;
const MIN_REQUESTS = 50;

/** A reader that remembers its last answer for half a minute. A failed query is not remembered. */
export function openSlowMetrics(): SlowMetricsReader {
  let known: { readonly metrics: SlowMetrics; readonly readAtMs: number } | null = null;
  return async (warehouse, catalog) => {
    if (known !== null && performance.now() - known.readAtMs < MAX_AGE_MS) return known.metrics;
    const metrics = await readSlowMetrics(warehouse, catalog);
    known = { metrics, readAtMs: performance.now() };
    return metrics;
  };
}

const maybe = z.number().nullable();
const forecastRow = z.object({
  forecast_peak_day_spend: maybe,
  forecast_usage_ratio: maybe,
  forecast_user_growth: maybe,
});
const growthRow = z.object({
  last_hour_requests: z.number(),
  normal_hourly_requests: maybe,
  new_users_today: z.number(),
  users_before: z.number(),
});

const ratedRow = z.object({ raters: z.number().int(), star_sum: z.number(), star_squares: z.number() });
const payingRow = z.object({ requests: z.number(), denied: z.number() });

async function readSlowMetrics(warehouse: Warehouse, { tiers }: Catalog): Promise<SlowMetrics> {
  const paying = [...tiers.values()].filter(({ premium }) => premium).map(({ name }) => name);
  const [[forecast], [growth], [refused], [rated]] = await Promise.all([
    warehouse.query({ sql: queryText("slow-rule-metrics"), row: forecastRow }),
    warehouse.query({ sql: queryText("alert-inputs"), row: growthRow }),
    warehouse.query({ sql: queryText("paying-refused"), params: { paying }, row: payingRow }),
    warehouse.query({ sql: queryText("rated-lately"), row: ratedRow }),
  ]);
  if (forecast === undefined || growth === undefined || refused === undefined || rated === undefined)
    throw new Error("a query of the rules' metrics gave no row");
  const { last_hour_requests: requests, normal_hourly_requests: normal } = growth;
  const { new_users_today: newUsers, users_before: usersBefore } = growth;
  const { forecast_peak_day_spend: peak } = forecast;
  return {
    ...forecast,
    forecast_peak_day_spend: peak === null ? null : usdFromNano(Math.round(peak)),
    usage_ratio: normal === null || normal === 0 || requests < MIN_REQUESTS ? null : requests / normal,
    user_growth: usersBefore < MIN_USERS ? null : newUsers / usersBefore,
    paying_denied_share: estimateShare(refused.denied, refused.requests),
    user_satisfaction: estimateMean(
      { count: rated.raters, sum: rated.star_sum, squares: rated.star_squares },
      MIN_SAMPLE.raters,
    ),
  };
}

function queryText(name: string): string {
  return sqlFile(new URL(`./queries/${name}.sql`, import.meta.url));
}
