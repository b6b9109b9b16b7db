import type { IntervalPoint } from "./interval.ts";
import { at, meanOf } from "./sequence.ts";

/** Mean absolute error, in the unit of the series. */
export function meanAbsoluteError(actual: readonly number[], forecast: readonly number[]): number {
  return meanOf(actual.map((value, step) => Math.abs(value - at(forecast, step))));
}

/**
 * Symmetric mean absolute percentage error, 0 to 200; a step where both are zero has no error.
 * Makridakis, Spiliotis & Assimakopoulos (2020), "The M4 competition", Int. J. Forecasting 36, p. 62.
 */
export function symmetricPercentageError(actual: readonly number[], forecast: readonly number[]): number {
  return meanOf(
    actual.map((value, step) => {
      const expected = at(forecast, step);
      const size = Math.abs(value) + Math.abs(expected);
      return size === 0 ? 0 : (200 * Math.abs(value - expected)) / size;
    }),
  );
}

/**
 * Mean interval score of the 95 % interval, in the unit of the series: its width, and 40 times what lies outside.
 * Scaled by the seasonal naive error it is the M4 competition's MSIS. Gneiting & Raftery (2007), JASA 102, eq. 43.
 */
export function intervalScore(actual: readonly number[], points: readonly IntervalPoint[]): number {
  return meanOf(
    points.map(({ lo95, hi95 }, step) => {
      const value = at(actual, step);
      const outside = Math.max(0, lo95 - value) + Math.max(0, value - hi95);
      return hi95 - lo95 + (2 / 0.05) * outside;
    }),
  );
}
