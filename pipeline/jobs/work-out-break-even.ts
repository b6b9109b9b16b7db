import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { type BreakEven, HOLD_DAYS, MAX_DAYS_AHEAD } from "../../models/business/break-even.ts";
import { type BreakEvenOutlook, breakEvenOutlook } from "../../models/business/break-even-outlook.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { WarehouseJob } from "../job.ts";
import { type ForecastThread, openForecastThread } from "./forecast-in-thread.ts";

const DAYS_A_WEEK = 7;
/** With less, what is missing may be on its way: a first start fills its history while this runs. */
const ENOUGH_DAYS = 3 * DAYS_A_WEEK;
const AGAIN_MS = 60_000;
const historyRow = z.object({ day: z.iso.date(), revenue: z.number().int(), costs: z.number().int() });
type BusinessDay = z.infer<typeof historyRow>;

/** Forecasts revenue and costs from all complete days, and says when the one reaches the other, and how sure that is. */
export const workOutBreakEven: WarehouseJob = async ({ warehouse, catalog }, dueAtMs) => {
  const today = calendarWindow("day", dueAtMs, catalog().timezone).name;
  const history = await warehouse.query({
    sql: sqlFile(new URL("../queries/business-history.sql", import.meta.url)),
    params: { today },
    row: historyRow,
  });
  const outlook = await lookAhead(history);
  const { expected } = outlook;
  const day = dayOf(expected, today);
  // Only what is still to come is uncertain.
  const interval =
    expected.state === "reached"
      ? { earliest: null, latest: null }
      : { earliest: dayOf(outlook.earliest, today), latest: dayOf(outlook.latest, today) };
  const { state, reason } = expected;
  await warehouse.insert("break_even", [{ made_at: dueAtMs, state, day, ...interval, reason }]);
  return {
    summary: `${day ?? state}: ${reason}`,
    notable: true,
    details: { state, day, ...interval, days: history.length },
    ...(history.length < ENOUGH_DAYS ? { againInMs: AGAIN_MS } : {}),
  };
};

async function lookAhead(history: readonly BusinessDay[]): Promise<BreakEvenOutlook> {
  const thread = openForecastThread();
  try {
    const revenue = history.map((day) => day.revenue);
    const costs = history.map((day) => day.costs);
    const gap = history.map((day) => day.revenue - day.costs);
    return breakEvenOutlook({
      revenue: { history: revenue, points: await ahead(thread, revenue) },
      costs: { history: costs, points: await ahead(thread, costs) },
      gap: await ahead(thread, gap),
    });
  } finally {
    await thread.close();
  }
}

async function ahead(thread: ForecastThread, history: readonly number[]): Promise<readonly IntervalPoint[]> {
  if (history.length < ENOUGH_DAYS) return [];
  const forecast = await thread.series(history, {
    horizon: MAX_DAYS_AHEAD + HOLD_DAYS,
    periods: [DAYS_A_WEEK],
    minHistory: ENOUGH_DAYS,
  });
  return forecast.kind === "forecast" ? forecast.points : [];
}

function dayOf(result: BreakEven, today: string): string | null {
  const days = daysFromToday(result);
  return days === null ? null : Temporal.PlainDate.from(today).add({ days }).toString();
}

/** Today is the first day of the forecast. */
function daysFromToday(result: BreakEven): number | null {
  if (result.state === "reached") return -result.daysSince;
  return result.state === "expected" ? result.daysAhead - 1 : null;
}
