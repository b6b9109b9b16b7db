import { z } from "zod";
import type { Catalog } from "../models/domain/catalog.ts";
import { usdFromNano } from "../models/domain/money.ts";
import { budgetPace } from "../models/rules/budget-pace.ts";
import {
  type Estimate,
  estimateMean,
  estimateShare,
  MIN_SAMPLE,
  scaleEstimate,
} from "../models/rules/estimate.ts";
import type { MetricEstimates, MetricReadings, MetricValues } from "../models/rules/metrics.ts";
import type { ProviderDay } from "../models/rules/provider-facts.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { readRealtime, usdOrNull } from "./realtime.ts";
import { openSlowMetrics, type SlowMetricsReader } from "./slow-rule-metrics.ts";

/** The metrics of this moment, as rules name them: dollars, null = not known. With how sure those are that are taken from samples. */
export async function readRuleMetrics(
  warehouse: Warehouse,
  catalog: Catalog,
  readSlow: SlowMetricsReader = openSlowMetrics(),
): Promise<MetricReadings> {
  const [realtime, other, slow] = await Promise.all([
    readRealtime(warehouse),
    readOtherMetrics(warehouse, catalog),
    readSlow(warehouse, catalog),
  ]);
  const targetSpend = usdFromNano(catalog.automation.targetDailySpend);
  const dailySpend = usdFromNano(realtime.daily_spend);
  const projected = usdOrNull(realtime.projected_daily_spend);
  const estimates: MetricEstimates = {
    cost_per_request: scaleEstimate(estimateMean(other.cost, MIN_SAMPLE.mean), NANO_USD),
    error_rate: estimateShare(realtime.failed_5m, realtime.served_5m),
    cache_hit_rate: estimateShare(other.cache_hits, other.cacheable),
    response_time_ms: other.response_time_ms,
    user_satisfaction: slow.user_satisfaction,
    paying_denied_share: slow.paying_denied_share,
  };
  const values: MetricValues = {
    daily_spend: dailySpend,
    hourly_spend: usdFromNano(realtime.hourly_spend),
    projected_daily_spend: projected,
    target_spend: targetSpend,
    daily_budget: usdFromNano(catalog.safeguards.dailyBudget),
    weekly_budget: usdFromNano(catalog.safeguards.weeklyBudget),
    cost_per_request: knownValue(estimates.cost_per_request),
    requests_per_minute: realtime.requests_per_minute,
    users_online: realtime.users_online,
    error_rate: knownValue(estimates.error_rate),
    cache_hit_rate: knownValue(estimates.cache_hit_rate),
    response_time_ms: knownValue(estimates.response_time_ms),
    forecast_week_spend: usdOrNull(other.forecast_week_spend),
    budget_pace: budgetPace({ targetSpend, dailySpend, projected }),
    ...slow,
    user_satisfaction: knownValue(slow.user_satisfaction),
    paying_denied_share: knownValue(slow.paying_denied_share),
    anomaly_spend: other.anomaly_spend,
    anomaly_requests: other.anomaly_requests,
    anomaly_error_rate: other.anomaly_error_rate,
    anomaly_latency: other.anomaly_latency,
  };
  return { values, estimates };
}

function knownValue(estimate: Estimate | null | undefined): number | null {
  return estimate?.value ?? null;
}

/** What each provider of the catalog has carried today. */
export async function readProvidersToday(
  warehouse: Warehouse,
  { timezone }: Catalog,
): Promise<ProviderDay[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("./queries/providers-today.sql", import.meta.url)),
    params: { timezone },
    row: providerRow,
  });
  return rows.map(({ input_tokens, output_tokens, ...rest }) => ({
    ...rest,
    inputTokens: input_tokens,
    outputTokens: output_tokens,
  }));
}

const NANO_USD = 1e-9;

const count = z.number().int().nonnegative();

const providerRow = z.object({
  provider: z.string(),
  requests: count,
  cost: count,
  input_tokens: count,
  output_tokens: count,
});

const otherMetrics = z.object({
  cacheable: count,
  cache_hits: count,
  answered: count,
  nano_cost: count,
  nano_cost_squares: z.number(),
  timed: count,
  p95_ms: z.number().nullable(),
  p95_low_ms: z.number().nullable(),
  p95_high_ms: z.number().nullable(),
  forecast_week_spend: z.number().nullable(),
  anomaly_spend: z.number().nullable(),
  anomaly_requests: z.number().nullable(),
  anomaly_error_rate: z.number().nullable(),
  anomaly_latency: z.number().nullable(),
});

async function readOtherMetrics(warehouse: Warehouse, { features }: Catalog) {
  const cachedFeatures = [...features.values()].filter(({ cacheMinutes }) => cacheMinutes > 0);
  const [row] = await warehouse.query({
    sql: sqlFile(new URL("./queries/rule-metrics.sql", import.meta.url)),
    params: { cached_features: cachedFeatures.map(({ name }) => name) },
    row: otherMetrics,
  });
  if (row === undefined) throw new Error("the query of the rules' metrics gave no row");
  const { answered, nano_cost, nano_cost_squares, timed, p95_ms, p95_low_ms, p95_high_ms, ...rest } = row;
  const isKnown = timed >= MIN_SAMPLE.percentile95 && p95_ms !== null;
  const response_time_ms: Estimate | null = isKnown
    ? { value: p95_ms, low: p95_low_ms ?? p95_ms, high: p95_high_ms ?? p95_ms, sample: timed }
    : null;
  const cost = { count: answered, sum: nano_cost, squares: nano_cost_squares };
  return { ...rest, cost, response_time_ms };
}
