import { z } from "zod";
import type { Catalog } from "../models/domain/catalog.ts";
import { usdFromNano } from "../models/domain/money.ts";
import { budgetPace } from "../models/rules/budget-pace.ts";
import type { MetricValues } from "../models/rules/metrics.ts";
import type { ProviderDay } from "../models/rules/provider-facts.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type RealtimeRow, readRealtime, usdOrNull } from "./realtime.ts";
import { openSlowMetrics, type SlowMetricsReader } from "./slow-rule-metrics.ts";

/** Fewer requests than this say nothing about a rate of errors. */
const MIN_REQUESTS_FOR_RATE = 20;

/** The metrics of this moment, as rules name them: dollars, null = not known. */
export async function readRuleMetrics(
  warehouse: Warehouse,
  catalog: Catalog,
  readSlow: SlowMetricsReader = openSlowMetrics(),
): Promise<MetricValues> {
  const [realtime, other, slow] = await Promise.all([
    readRealtime(warehouse),
    readOtherMetrics(warehouse, catalog),
    readSlow(warehouse, catalog),
  ]);
  const targetSpend = usdFromNano(catalog.automation.targetDailySpend);
  const dailySpend = usdFromNano(realtime.daily_spend);
  const projected = usdOrNull(realtime.projected_daily_spend);
  return {
    daily_spend: dailySpend,
    hourly_spend: usdFromNano(realtime.hourly_spend),
    projected_daily_spend: projected,
    target_spend: targetSpend,
    daily_budget: usdFromNano(catalog.safeguards.dailyBudget),
    weekly_budget: usdFromNano(catalog.safeguards.weeklyBudget),
    cost_per_request: usdOrNull(realtime.avg_cost_per_request),
    requests_per_minute: realtime.requests_per_minute,
    users_online: realtime.users_online,
    error_rate: errorRate(realtime),
    cache_hit_rate: other.cache_hit_rate,
    user_satisfaction: other.user_satisfaction,
    response_time_ms: other.response_time_ms,
    forecast_week_spend: usdOrNull(other.forecast_week_spend),
    budget_pace: budgetPace({ targetSpend, dailySpend, projected }),
    ...slow,
    anomaly_spend: other.anomaly_spend,
    anomaly_requests: other.anomaly_requests,
    anomaly_error_rate: other.anomaly_error_rate,
    anomaly_latency: other.anomaly_latency,
  };
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

const count = z.number().int().nonnegative();

const providerRow = z.object({
  provider: z.string(),
  requests: count,
  cost: count,
  input_tokens: count,
  output_tokens: count,
});

const otherMetrics = z.object({
  cache_hit_rate: z.number().nullable(),
  response_time_ms: z.number().nullable(),
  user_satisfaction: z.number().nullable(),
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
  return row;
}

function errorRate({ served_5m, failed_5m }: RealtimeRow): number | null {
  return served_5m < MIN_REQUESTS_FOR_RATE ? null : failed_5m / served_5m;
}
