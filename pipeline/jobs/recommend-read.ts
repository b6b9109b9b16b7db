import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { featureUsage } from "../../models/forecast/feature-usage.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import type { FeatureUsage } from "../../models/forecast/recommend-provider.ts";
import type { TierMonth } from "../../models/forecast/recommend-tier.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

export interface DaySpend extends IntervalPoint {
  readonly day: string;
}

/** What advice rests on. Money in nano-dollars. */
export interface AdviceFacts {
  /** The latest forecast from today on; empty: there is none. */
  readonly spend: readonly DaySpend[];
  /** Until yesterday. */
  readonly spentThisWeek: number;
  readonly usage: readonly FeatureUsage[];
  readonly tiers: readonly TierMonth[];
  /** Expected requests of the next 30 days / those of the last 30; 1 where it is not known. */
  readonly growth: number;
}

const LOOK_BACK_DAYS = 30;

const forecastRow = z.object({
  day: z.iso.date(),
  step: z.number(),
  point: z.number(),
  lo80: z.number(),
  hi80: z.number(),
  lo95: z.number(),
  hi95: z.number(),
});
const outlookRow = z.object({
  requests_before: z.number().nullable(),
  requests_ahead: z.number().nullable(),
  spent_this_week: z.number().nullable(),
});
const usageRow = z.object({
  feature: z.string(),
  tier: z.string(),
  provider: z.string(),
  calls: z.number(),
  cost: z.number(),
  input: z.number(),
  cached_input: z.number(),
  output: z.number(),
  reasoning: z.number(),
});
const tierRow = z.object({
  tier: z.string(),
  active_users: z.number(),
  limited_users: z.number(),
  revenue: z.number(),
  cost: z.number(),
});

export async function readAdviceFacts(
  warehouse: Warehouse,
  { catalog, nowMs }: { readonly catalog: Catalog; readonly nowMs: number },
): Promise<AdviceFacts> {
  const { startMs, name: today } = calendarWindow("day", nowMs, catalog.timezone);
  const week = calendarWindow(
    "day",
    calendarWindow("week", nowMs, catalog.timezone).startMs,
    catalog.timezone,
  ).name;
  const from = Temporal.PlainDate.from(today).subtract({ days: LOOK_BACK_DAYS });
  const span = { from: from.toZonedDateTime(catalog.timezone).epochMilliseconds, to: startMs, today };
  const [forecast, [outlook], usage, tiers] = await Promise.all([
    warehouse.query({ sql: queryText("forecast"), row: forecastRow }),
    warehouse.query({ sql: queryText("outlook"), params: { today, week }, row: outlookRow }),
    warehouse.query({ sql: queryText("usage"), params: span, row: usageRow }),
    warehouse.query({ sql: queryText("tiers"), params: span, row: tierRow }),
  ]);
  const before = outlook?.requests_before ?? 0;
  const ahead = outlook?.requests_ahead ?? before;
  return {
    spend: forecast.filter(({ day }) => day >= today),
    spentThisWeek: outlook?.spent_this_week ?? 0,
    usage: usage.flatMap(
      ({ cached_input: cachedInput, ...row }) => featureUsage({ ...row, cachedInput }, catalog, nowMs) ?? [],
    ),
    tiers: tiers.map(({ active_users, limited_users, ...same }) => ({
      ...same,
      activeUsers: active_users,
      limitedUsers: limited_users,
    })),
    growth: before > 0 ? ahead / before : 1,
  };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/recommendations/${name}.sql`, import.meta.url));
}
