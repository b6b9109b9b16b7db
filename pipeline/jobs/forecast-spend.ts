import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { calendarWindow } from "../../models/domain/window.ts";
import { type Forecast, forecastSeries } from "../../models/forecast/forecast-series.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Job } from "../job.ts";

const SERIES = "daily_spend";
const HORIZON_DAYS = 90;
const DAYS_A_WEEK = 7;

/** Forecasts the spend of the next 90 days, today being the first, from all complete days. */
export const forecastSpend: Job = async ({ warehouse, catalog, newId }, dueAtMs) => {
  const today = calendarWindow("day", dueAtMs, catalog().timezone).name;
  const history = await readDailySpend(warehouse, today);
  const forecast = forecastSeries(history, HORIZON_DAYS, { period: DAYS_A_WEEK });
  if (forecast.kind === "not-enough-history") {
    const { have, need } = forecast;
    return {
      summary: `not enough history: ${have} of ${need} days`,
      notable: false,
      details: { have, need },
    };
  }
  const runId = newId();
  await warehouse.insert("forecasts", rowsOf(forecast, { runId, madeAtMs: dueAtMs, today }));
  const [best] = forecast.backtests;
  return {
    summary: `${forecast.model} on ${history.length} days`,
    notable: true,
    details: { runId, model: forecast.model, days: history.length, mase: best?.mase ?? null },
  };
};

/** Days without a request cost nothing. The first day is left out: it is rarely a whole one. */
async function readDailySpend(warehouse: Warehouse, today: string): Promise<number[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/daily-spend.sql", import.meta.url)),
    params: { today },
    row: z.object({ day: z.iso.date(), cost: z.number().int().nonnegative() }),
  });
  const [first] = rows;
  if (first === undefined) return [];
  const costs = new Map(rows.map(({ day, cost }) => [day, cost]));
  const start = Temporal.PlainDate.from(first.day).add({ days: 1 });
  const days = start.until(Temporal.PlainDate.from(today), { largestUnit: "days" }).days;
  return Array.from({ length: days }, (_, index) => costs.get(start.add({ days: index }).toString()) ?? 0);
}

interface ForecastRun {
  readonly runId: string;
  readonly madeAtMs: number;
  readonly today: string;
}

function rowsOf(
  { model, points, backtests }: Extract<Forecast, { kind: "forecast" }>,
  { runId, madeAtMs, today }: ForecastRun,
): object[] {
  const [best] = backtests;
  const firstDay = Temporal.PlainDate.from(today);
  return points.map(({ step, ...interval }) => ({
    run_id: runId,
    made_at: madeAtMs,
    series: SERIES,
    unit: "nano-usd",
    scenario: "expected",
    target_date: firstDay.add({ days: step - 1 }).toString(),
    horizon_days: step,
    ...interval,
    model,
    // What is null becomes the column's default, NaN: not known.
    backtest_mae: best?.meanAbsoluteError ?? null,
    backtest_mase: best?.mase ?? null,
    backtest_wape: best?.wape ?? null,
    backtest_folds: best?.origins ?? 0,
  }));
}
