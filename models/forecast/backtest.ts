import type { ForecastModel } from "./seasonal-naive.ts";

export interface Backtest {
  readonly model: string;
  /** How often the model was asked for a forecast of what had happened already. */
  readonly origins: number;
  /** In the unit of the series, over all origins and steps. */
  readonly meanAbsoluteError: number;
  /** Mean absolute scaled error: 1 = as good as repeating the last season; null for a series that always repeats itself. */
  readonly mase: number | null;
  /** Sum of absolute errors / sum of absolute actuals; null when nothing but zeros came. */
  readonly wape: number | null;
  /** actual - forecast: `errorsByStep[0]` holds the errors one step ahead, one for each origin. */
  readonly errorsByStep: readonly (readonly number[])[];
}

export interface BacktestOptions {
  readonly horizon: number;
  readonly period: number;
}

/** The latest origins are used; more would say more about the past than about today. */
const MAX_ORIGINS = 60;
const MIN_FIT_SEASONS = 2;
/** Steps ahead that are tested at most: this share of the history. */
const MAX_TESTED_SHARE = 1 / 3;

/**
 * Rolling-origin evaluation: the model sees the values up to an origin, its forecast is compared with what came
 * after, and the origin moves on by one. Never uses a value from after an origin to forecast from it.
 * Tashman (2000), "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16;
 * MASE: Hyndman & Koehler (2006), "Another look at measures of forecast accuracy", ibid. 22.
 */
export function backtest(
  model: ForecastModel,
  history: readonly number[],
  { horizon, period }: BacktestOptions,
): Backtest {
  const steps = Math.max(1, Math.min(horizon, Math.floor(history.length * MAX_TESTED_SHARE)));
  const lastOrigin = history.length - 1;
  const firstOrigin = Math.max(MIN_FIT_SEASONS * period, history.length - steps - MAX_ORIGINS + 1);
  let actuals = 0;
  const errorsByStep: number[][] = Array.from({ length: steps }, () => []);
  for (let origin = firstOrigin; origin <= lastOrigin; origin++) {
    const actual = history.slice(origin, origin + steps);
    const forecast = model.forecast(history.slice(0, origin), actual.length, period);
    for (const [step, value] of actual.entries()) {
      errorsByStep[step]?.push(value - (forecast[step] ?? 0));
      actuals += Math.abs(value);
    }
  }
  const errors = errorsByStep.flat().map(Math.abs);
  const meanAbsoluteError = meanOf(errors);
  const scale = seasonalScale(history, period);
  return {
    model: model.name,
    origins: lastOrigin - firstOrigin + 1,
    meanAbsoluteError,
    mase: scale === 0 ? null : meanAbsoluteError / scale,
    wape: actuals === 0 ? null : (meanAbsoluteError * errors.length) / actuals,
    errorsByStep,
  };
}

/** Mean absolute difference from one season before: the in-sample error of the seasonal naive model. */
function seasonalScale(history: readonly number[], period: number): number {
  return meanOf(history.slice(period).map((value, index) => Math.abs(value - (history[index] ?? 0))));
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
