import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { type BreakEven, breakEven, HOLD_DAYS, MAX_DAYS_AHEAD } from "../../models/business/break-even.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Job } from "../job.ts";
import { type ForecastThread, openForecastThread } from "./forecast-in-thread.ts";

const DAYS_A_WEEK = 7;
/** With less, what is missing may be on its way: a first start fills its history while this runs. */
const ENOUGH_DAYS = 3 * DAYS_A_WEEK;
const AGAIN_MS = 60_000;
const historyRow = z.object({ day: z.iso.date(), revenue: z.number().int(), costs: z.number().int() });
type BusinessDay = z.infer<typeof historyRow>;

/** Forecasts revenue and costs from all complete days, and says when the one reaches the other, and how sure that is. */
export const workOutBreakEven: Job = async ({ warehouse, catalog }, dueAtMs) => {
  const today = calendarWindow("day", dueAtMs, catalog().timezone).name;
  const history = await warehouse.query({
    sql: sqlFile(new URL("../queries/business-history.sql", import.meta.url)),
    params: { today },
    row: historyRow,
  });
  const { expected, best, worst } = await lookAhead(history);
  const day = dayOf(expected, today);
  const interval = { earliest: dayOf(best, today), latest: dayOf(worst, today) };
  await warehouse.insert("break_even", [{ made_at: dueAtMs, day, ...interval, reason: expected.reason }]);
  return {
    summary: `${day ?? "none"}: ${expected.reason}`,
    notable: true,
    details: { day, ...interval, days: history.length },
    ...(history.length < ENOUGH_DAYS ? { againInMs: AGAIN_MS } : {}),
  };
};

interface Outlook {
  readonly expected: BreakEven;
  /** With revenue - costs at the upper and at the lower end of its 80 % interval. */
  readonly best: BreakEven;
  readonly worst: BreakEven;
}

async function lookAhead(history: readonly BusinessDay[]): Promise<Outlook> {
  const thread = openForecastThread();
  try {
    const revenue = pointsOf(await ahead(thread, history, (day) => day.revenue));
    const costs = pointsOf(await ahead(thread, history, (day) => day.costs));
    const gap = await ahead(thread, history, (day) => day.revenue - day.costs);
    const shifted = (sign: 1 | -1): number[] =>
      revenue.map((value, index) => value + sign * halfOf(gap[index]));
    return {
      expected: breakEven(revenue, costs),
      best: breakEven(shifted(1), costs),
      worst: breakEven(shifted(-1), costs),
    };
  } finally {
    await thread.close();
  }
}

async function ahead(
  thread: ForecastThread,
  history: readonly BusinessDay[],
  valueIn: (day: BusinessDay) => number,
): Promise<readonly IntervalPoint[]> {
  if (history.length < ENOUGH_DAYS) return [];
  const forecast = await thread.series(history.map(valueIn), {
    horizon: MAX_DAYS_AHEAD + HOLD_DAYS,
    periods: [DAYS_A_WEEK],
    minHistory: ENOUGH_DAYS,
  });
  return forecast.kind === "forecast" ? forecast.points : [];
}

function pointsOf(forecast: readonly IntervalPoint[]): number[] {
  return forecast.map(({ point }) => point);
}

function halfOf(day: IntervalPoint | undefined): number {
  return day === undefined ? 0 : (day.hi80 - day.lo80) / 2;
}

/** Today is the first day of the forecast. */
function dayOf(result: BreakEven, today: string): string | null {
  if (!result.found) return null;
  return Temporal.PlainDate.from(today)
    .add({ days: result.daysAhead - 1 })
    .toString();
}
