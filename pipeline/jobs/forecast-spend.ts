import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { calendarWindow } from "../../models/domain/window.ts";
import type { FamilyForecast, SeriesFamily } from "../../models/forecast/family.ts";
import { recommendBudget } from "../../models/forecast/recommend-budget.ts";
import type { Recommendation } from "../../models/forecast/recommendation.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Job, JobReport } from "../job.ts";
import { readForecastHistory } from "./forecast-history.ts";
import { openForecastThread } from "./forecast-in-thread.ts";
import { forecastRestOfDay } from "./forecast-rest-of-day.ts";
import { forecastRows } from "./forecast-rows.ts";

const HORIZON_DAYS = 90;
const DAYS_A_WEEK = 7;
const MIN_DAYS = 3 * DAYS_A_WEEK;
/** Past forecasts are graded over so many days. */
const GRADED_DAYS = 90;

/**
 * Forecasts spend, requests and active users of the next 90 days, today being the first, from all complete days: in
 * total with scenarios, and by provider, tier and feature so that the parts sum to the total; and the spend of the
 * rest of today. Says how good the forecasts were whose day has come.
 */
export const forecastSpend: Job = async ({ warehouse, catalog, newId }, dueAtMs) => {
  const { timezone, safeguards } = catalog();
  const today = calendarWindow("day", dueAtMs, timezone).name;
  const { days, families } = await readForecastHistory(warehouse, today);
  if (days < MIN_DAYS) {
    return {
      summary: `not enough history: ${days} of ${MIN_DAYS} days`,
      notable: false,
      details: { have: days, need: MIN_DAYS },
    };
  }
  const run = { runId: newId(), madeAtMs: dueAtMs, today };
  const thread = openForecastThread();
  try {
    const made: FamilyForecast[] = [];
    for (const family of families) {
      const forecast = await thread.family(usable(family), { horizon: HORIZON_DAYS, period: DAYS_A_WEEK });
      if (forecast !== null) made.push(forecast);
    }
    const rest = await forecastRestOfDay({ warehouse, thread }, { ...run, timezone });
    const rows = made.flatMap((forecast) => forecastRows(forecast, run));
    // In one block, so that nobody reads half a run; the token makes a repeated insert do nothing.
    await warehouse.insert("forecasts", rest === null ? rows : [...rows, rest], {
      deduplicationToken: `forecast-${run.runId}`,
    });
    const [spend] = made;
    const recommendations =
      spend === undefined ? [] : recommendBudget({ days: spend.total.points, ...safeguards });
    const grades = await readGrades(warehouse, today);
    return reportOf(made, { runId: run.runId, days, grades, recommendations });
  } finally {
    await thread.close();
  }
};

/** A part that was never used would only be forecast as nothing. */
function usable({ name, total, groups }: SeriesFamily): SeriesFamily {
  const parts = groups.map((group) => group.filter(({ values }) => values.some((value) => value > 0)));
  return { name, total, groups: parts };
}

const grade = z.object({
  horizon_days: z.number().int(),
  days: z.number().int(),
  wape: z.number().nullable(),
  inside80: z.number(),
});

/** Realised errors of past forecasts, one, seven and thirty days ahead. */
async function readGrades(warehouse: Warehouse, today: string): Promise<z.infer<typeof grade>[]> {
  return warehouse.query({
    sql: sqlFile(new URL("../queries/forecast-grades.sql", import.meta.url)),
    params: { today, from: Temporal.PlainDate.from(today).subtract({ days: GRADED_DAYS }).toString() },
    row: grade,
  });
}

interface ReportFacts {
  readonly runId: string;
  readonly days: number;
  readonly grades: readonly z.infer<typeof grade>[];
  readonly recommendations: readonly Recommendation[];
}

function reportOf(
  made: readonly FamilyForecast[],
  { runId, days, grades, recommendations }: ReportFacts,
): JobReport {
  const [spend] = made;
  const [best] = spend?.total.backtests ?? [];
  const series = made.reduce((count, { groups }) => count + 1 + groups.flat().length, 0);
  return {
    summary: `${series} series from ${days} days`,
    notable: true,
    details: {
      runId,
      days,
      series,
      model: spend?.total.model ?? null,
      mase: best?.mase ?? null,
      growthPerDay: spend?.growth ?? null,
      notes: spend?.total.notes ?? [],
      spendNano: spend?.sums ?? [],
      recommendations,
      realised: grades.map(({ horizon_days: daysAhead, ...rest }) => ({ daysAhead, ...rest })),
    },
  };
}
