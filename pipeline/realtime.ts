import { z } from "zod";
import { usdFromNano } from "../models/domain/money.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

const known = z.number().nonnegative();
const maybe = known.nullable();

/** A row of `bi_realtime`: money in nano-dollars, null = not known. */
const realtimeRow = z.object({
  as_of: z.number().int(),
  timezone: z.string(),
  hourly_spend: known,
  daily_spend: known,
  simulated_daily_spend: known,
  requests_today: known,
  projected_daily_spend: maybe,
  projected_daily_spend_low80: maybe,
  projected_daily_spend_high80: maybe,
  projection_basis: z.string(),
  users_online: known,
  requests_per_minute: known,
  avg_cost_per_request: maybe,
  last_hour_spend: known,
  normal_hourly_spend: maybe,
  cost_spike: z.boolean().nullable(),
  heavy_usage: z.boolean().nullable(),
  provider_down: z.boolean().nullable(),
  providers_down: z.array(z.string()),
  daily_budget: maybe,
  target_daily_spend: maybe,
  served_5m: known,
  failed_5m: known,
});
export type RealtimeRow = z.infer<typeof realtimeRow>;

/** The same for people: money in dollars, null = not known. */
export const realtimeMetrics = z.object({
  asOf: z.number(),
  timezone: z.string(),
  currentHourlySpend: z.number(),
  dailySpend: z.number(),
  /** Of it: made up by the simulation, so no gateway has counted it and no limit holds it. */
  simulatedDailySpend: z.number(),
  projectedDailySpend: z.number().nullable(),
  /** Eight of ten days end within; null = fewer than five whole days to learn from. */
  projectedDailySpendLow80: z.number().nullable(),
  projectedDailySpendHigh80: z.number().nullable(),
  projectionBasis: z.string(),
  usersOnline: z.number(),
  requestsPerMinute: z.number(),
  requestsToday: z.number(),
  avgCostPerRequest: z.number().nullable(),
  normalHourlySpend: z.number().nullable(),
  dailyBudget: z.number().nullable(),
  targetDailySpend: z.number().nullable(),
  providersDown: z.array(z.string()),
  alerts: z.object({
    costSpike: z.boolean().nullable(),
    heavyUsage: z.boolean().nullable(),
    providerDown: z.boolean().nullable(),
  }),
});
export type RealtimeMetrics = z.infer<typeof realtimeMetrics>;

export async function readRealtime(warehouse: Warehouse): Promise<RealtimeRow> {
  const [row] = await warehouse.query({
    sql: sqlFile(new URL("./queries/realtime.sql", import.meta.url)),
    row: realtimeRow,
  });
  if (row === undefined) throw new Error("bi_realtime gave no row");
  return row;
}

export function showRealtime(row: RealtimeRow): RealtimeMetrics {
  return {
    asOf: row.as_of,
    timezone: row.timezone,
    currentHourlySpend: usdFromNano(row.hourly_spend),
    dailySpend: usdFromNano(row.daily_spend),
    simulatedDailySpend: usdFromNano(row.simulated_daily_spend),
    projectedDailySpend: usdOrNull(row.projected_daily_spend),
    projectedDailySpendLow80: usdOrNull(row.projected_daily_spend_low80),
    projectedDailySpendHigh80: usdOrNull(row.projected_daily_spend_high80),
    projectionBasis: row.projection_basis,
    usersOnline: row.users_online,
    requestsPerMinute: row.requests_per_minute,
    requestsToday: row.requests_today,
    avgCostPerRequest: usdOrNull(row.avg_cost_per_request),
    normalHourlySpend: usdOrNull(row.normal_hourly_spend),
    dailyBudget: usdOrNull(row.daily_budget),
    targetDailySpend: usdOrNull(row.target_daily_spend),
    providersDown: row.providers_down,
    alerts: {
      costSpike: row.cost_spike,
      heavyUsage: row.heavy_usage,
      providerDown: row.provider_down,
    },
  };
}

export function usdOrNull(nano: number | null): number | null {
  return nano === null ? null : usdFromNano(nano);
}
