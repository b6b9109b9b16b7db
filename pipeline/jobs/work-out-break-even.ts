import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { type BreakEven, breakEven, HOLD_DAYS, MAX_DAYS_AHEAD } from "../../models/business/break-even.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { forecastSeries } from "../../models/forecast/forecast-series.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Job } from "../job.ts";

const DAYS_A_WEEK = 7;
const historyRow = z.object({ day: z.iso.date(), revenue: z.number().int(), costs: z.number().int() });

/** Forecasts revenue and costs from all complete days, and says when the one reaches the other. */
export const workOutBreakEven: Job = async ({ warehouse, catalog }, dueAtMs) => {
  const today = calendarWindow("day", dueAtMs, catalog().timezone).name;
  const history = await warehouse.query({
    sql: sqlFile(new URL("../queries/business-history.sql", import.meta.url)),
    params: { today },
    row: historyRow,
  });
  const result = breakEven(
    ahead(history.map(({ revenue }) => revenue)),
    ahead(history.map(({ costs }) => costs)),
  );
  const day = dayOf(result, today);
  await warehouse.insert("break_even", [{ made_at: dueAtMs, day, reason: result.reason }]);
  return {
    summary: `${day ?? "none"}: ${result.reason}`,
    notable: true,
    details: { day, days: history.length },
  };
};

function ahead(history: readonly number[]): number[] {
  const forecast = forecastSeries(history, MAX_DAYS_AHEAD + HOLD_DAYS, { period: DAYS_A_WEEK });
  return forecast.kind === "forecast" ? forecast.points.map(({ point }) => point) : [];
}

/** Today is the first day of the forecast. */
function dayOf(result: BreakEven, today: string): string | null {
  if (!result.found) return null;
  return Temporal.PlainDate.from(today)
    .add({ days: result.daysAhead - 1 })
    .toString();
}
