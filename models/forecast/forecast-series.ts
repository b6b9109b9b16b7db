import { type Backtest, backtest } from "./backtest.ts";
import { type IntervalPoint, withIntervals } from "./interval.ts";
import { type ForecastModel, seasonalNaive } from "./seasonal-naive.ts";
import { trendSeasonal } from "./trend-seasonal.ts";

export interface ForecastOptions {
  /** Values in one season; 7 for daily values with a weekday pattern. */
  readonly period: number;
  /** The models to choose from; by default all of this folder. */
  readonly models?: readonly ForecastModel[];
  /** Nothing below zero is forecast, as for spend and counts. Default true. */
  readonly nonNegative?: boolean;
}

export type Forecast =
  | {
      readonly kind: "forecast";
      readonly model: string;
      /** One for each step ahead, in the unit of the history. */
      readonly points: readonly IntervalPoint[];
      /** Of the chosen model, and of the others for comparison; the smallest error first. */
      readonly backtests: readonly Backtest[];
    }
  | { readonly kind: "not-enough-history"; readonly have: number; readonly need: number };

/** Two seasons to fit on and one to be tested on. */
const MIN_SEASONS = 3;
export const MAX_HORIZON = 366;
export const MAX_HISTORY = 20_000;

/**
 * What comes after a series of equally spaced values, oldest first, without gaps, only complete periods.
 * The model is the one with the smallest mean absolute error in a rolling-origin backtest on this very series,
 * and the intervals are the errors that it made there. Throws RangeError for values that are no numbers.
 */
export function forecastSeries(
  history: readonly number[],
  horizon: number,
  options: ForecastOptions,
): Forecast {
  assertUsable(history, horizon, options.period);
  const need = MIN_SEASONS * options.period;
  if (history.length < need) return { kind: "not-enough-history", have: history.length, need };
  const models = options.models ?? [seasonalNaive, trendSeasonal];
  const backtests = models
    .map((model) => ({ model, result: backtest(model, history, { horizon, period: options.period }) }))
    .sort((a, b) => a.result.meanAbsoluteError - b.result.meanAbsoluteError);
  const best = backtests[0];
  if (best === undefined) throw new RangeError("there is no model to choose from");
  const points = best.model.forecast(history, horizon, options.period);
  return {
    kind: "forecast",
    model: best.model.name,
    points: withIntervals(points, best.result.errorsByStep, { nonNegative: options.nonNegative ?? true }),
    backtests: backtests.map(({ result }) => result),
  };
}

function assertUsable(history: readonly number[], horizon: number, period: number): void {
  if (!history.every(Number.isFinite)) throw new RangeError("a history holds finite numbers only");
  if (history.length > MAX_HISTORY) throw new RangeError(`a history has at most ${MAX_HISTORY} values`);
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > MAX_HORIZON) {
    throw new RangeError(`a horizon is a whole number from 1 to ${MAX_HORIZON}`);
  }
  if (!Number.isInteger(period) || period < 1) throw new RangeError("a period is a whole number from 1 on");
}
