import { Temporal } from "temporal-polyfill";
import type { FamilyForecast, MadeForecast } from "../../models/forecast/family.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import { SCENARIOS } from "../../models/forecast/scenario.ts";

export interface ForecastRun {
  readonly runId: string;
  readonly madeAtMs: number;
  /** The first day that is forecast. */
  readonly today: string;
}

const UNITS: Readonly<Record<string, string>> = {
  daily_spend: "nano-usd",
  daily_requests: "requests",
  daily_active_users: "users",
};

/** Rows of the table `forecasts`: the total with its scenarios, then each part. As NDJSON, to be inserted as it is. */
export function encodeForecast(forecast: FamilyForecast, run: ForecastRun): string {
  return forecastRows(forecast, run)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
}

function forecastRows(
  { name, total, groups, overlapping, scenarios }: FamilyForecast,
  run: ForecastRun,
): object[] {
  const unit = UNITS[name] ?? "";
  const series = { series: name, unit };
  return [
    ...rowsOf(total.points, total, { ...series, scenario: "expected" }, run),
    ...SCENARIOS.flatMap((scenario) => rowsOf(scenarios[scenario], total, { ...series, scenario }, run)),
    ...[...groups.flat(), ...overlapping].flatMap((part) =>
      rowsOf(
        part.forecast.points,
        part.forecast,
        { series: `${name}:${part.name}`, unit, scenario: "expected" },
        run,
      ),
    ),
  ];
}

export interface RowLabels {
  readonly series: string;
  readonly unit: string;
  readonly scenario: string;
}

export function forecastColumns(
  { model, weights, notes, backtests }: MadeForecast,
  { runId, madeAtMs }: ForecastRun,
): object {
  const [best] = backtests;
  return {
    run_id: runId,
    made_at: madeAtMs,
    model,
    weights: JSON.stringify(Object.fromEntries(weights.map(({ model: name, weight }) => [name, weight]))),
    notes: notes.length === 0 ? "" : JSON.stringify(notes),
    // What is null becomes the column's default, NaN: not known.
    backtest_mae: best?.meanAbsoluteError ?? null,
    backtest_mase: best?.mase ?? null,
    backtest_wape: best?.wape ?? null,
    backtest_folds: best?.origins ?? 0,
  };
}

function rowsOf(
  points: readonly IntervalPoint[],
  forecast: MadeForecast,
  labels: RowLabels,
  run: ForecastRun,
): object[] {
  const firstDay = Temporal.PlainDate.from(run.today);
  const columns = forecastColumns(forecast, run);
  return points.map(({ step, ...interval }) => ({
    ...columns,
    ...labels,
    target_date: firstDay.add({ days: step - 1 }).toString(),
    horizon_days: step,
    ...interval,
  }));
}
