import { continueSmoothed, smoothLevel } from "./exponential-smoothing.ts";
import type { Forecast, ForecastNote } from "./forecast.ts";
import { withMargins } from "./interval.ts";
import { seasonalNaive } from "./seasonal-naive.ts";
import { at, meanOf, sequence } from "./sequence.ts";

export interface ShortHistoryOptions {
  readonly periods: readonly number[];
  readonly floor: number;
  readonly notes: readonly ForecastNote[];
}

/** Standard normal quantiles at 90 % and 97.5 %. */
const Z80 = 1.2816;
const Z95 = 1.96;
/** Mean absolute deviation to standard deviation, of a Gaussian. */
const ABSOLUTE_TO_SIGMA = 1.2533;

/**
 * A forecast of what is too short to test anything on: the last season again where one was seen twice, else a smoothed
 * level. The intervals are those of a random walk with the changes that were seen; after a single value, with changes as large as it.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), table 5.2.
 */
export function shortForecast(
  values: readonly number[],
  horizon: number,
  { periods, floor, notes }: ShortHistoryOptions,
): Forecast {
  const gap = periods.at(-1) ?? 1;
  const isSeasonal = periods.length > 0;
  const points = isSeasonal
    ? seasonalNaive.forecast(values, { horizon, periods })
    : continueSmoothed(smoothLevel(values), horizon);
  const changes = values.slice(gap).map((value, index) => Math.abs(value - at(values, index)));
  const sigma = changes.length === 0 ? Math.abs(at(values, 0)) : meanOf(changes) * ABSOLUTE_TO_SIGMA;
  const margins = sequence(horizon, (step) => sigma * Math.sqrt(Math.floor(step / gap) + 1)).map((width) => ({
    half80: Z80 * width,
    half95: Z95 * width,
  }));
  const model = isSeasonal ? seasonalNaive.name : "simple-smoothing";
  return {
    kind: "forecast",
    model,
    weights: [{ model, weight: 1 }],
    points: withMargins(points, margins, floor),
    backtests: [],
    errors: [],
    notes: ["short-history", ...notes],
  };
}
