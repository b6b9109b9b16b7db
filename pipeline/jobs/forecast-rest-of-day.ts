import { z } from "zod";
import { calendarWindow } from "../../models/domain/window.ts";
import { sumInterval } from "../../models/forecast/sum-interval.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { ForecastThread } from "./forecast-in-thread.ts";
import { type ForecastRun, forecastColumns } from "./forecast-rows.ts";

const HOUR_MS = 3_600_000;
const HISTORY_HOURS = 56 * 24;
const PERIODS = [24, 168];
/** Three days, so that an hour of the day has been seen more than once. */
const MIN_HOURS = 72;

/**
 * The spend from now to the end of the day, from complete hours: a row of `forecasts`, or null while there is too
 * little history. What the current hour has spent already is taken off.
 */
export async function forecastRestOfDay(
  { warehouse, thread }: { readonly warehouse: Warehouse; readonly thread: ForecastThread },
  { timezone, ...run }: ForecastRun & { readonly timezone: string },
): Promise<object | null> {
  const { startMs, endMs } = calendarWindow("day", run.madeAtMs, timezone);
  // The clock's hours: in some zones they begin half an hour beside those of UTC.
  const hourMs = startMs + Math.floor((run.madeAtMs - startMs) / HOUR_MS) * HOUR_MS;
  const spent = await readHours(warehouse, hourMs);
  const values = spent.slice(0, -1);
  const horizon = Math.max(1, Math.ceil((endMs - hourMs) / HOUR_MS));
  const forecast = await thread.series(values, { horizon, periods: PERIODS, minHistory: MIN_HOURS });
  if (forecast.kind !== "forecast") return null;
  const sum = sumInterval(forecast.points, forecast.errors, { steps: horizon, floor: 0 });
  const already = Math.min(spent.at(-1) ?? 0, forecast.points[0]?.point ?? 0);
  const rest = (value: number): number => Math.max(0, value - already);
  return {
    ...forecastColumns(forecast, run),
    series: "rest_of_day_spend",
    unit: "nano-usd",
    scenario: "expected",
    target_date: run.today,
    horizon_days: 0,
    point: rest(sum.point),
    lo80: rest(sum.lo80),
    hi80: rest(sum.hi80),
    lo95: rest(sum.lo95),
    hi95: rest(sum.hi95),
  };
}

/** From the first hour with a request on; the last one is the current hour so far. */
async function readHours(warehouse: Warehouse, currentHourMs: number): Promise<number[]> {
  const current = currentHourMs / 1_000;
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/forecast-hours.sql", import.meta.url)),
    params: { from: current - HISTORY_HOURS * 3_600, until: current + 3_600 },
    row: z.object({ hour_s: z.number().int(), cost: z.number().nonnegative() }),
  });
  const [first] = rows;
  if (first === undefined) return [];
  const placeOf = (hour: number): number => Math.round((hour - first.hour_s) / 3_600);
  const costs = new Map(rows.map(({ hour_s, cost }) => [placeOf(hour_s), cost]));
  return Array.from({ length: placeOf(current) + 1 }, (_, index) => costs.get(index) ?? 0);
}
