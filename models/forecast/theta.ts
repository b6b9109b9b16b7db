import { continueSmoothed, smoothLevel } from "./exponential-smoothing.ts";
import { at, meanOf, sequence } from "./sequence.ts";

/** The straight line is fitted to that many values at most. */
const MAX_LINE_VALUES = 1_500;

/**
 * The mean of a straight line through the values and of simple smoothing of the line with doubled curvature,
 * carried on. For values without a season.
 * Assimakopoulos & Nikolopoulos (2000), "The theta model", Int. J. Forecasting 16, section 3 (theta = 0 and 2).
 */
export function continueTheta(values: readonly number[], horizon: number): number[] {
  const recent = values.slice(-MAX_LINE_VALUES);
  const line = lineThrough(recent);
  const curved = recent.map((value, t) => 2 * value - (line.start + line.slope * t));
  const smoothed = continueSmoothed(smoothLevel(curved), horizon);
  return sequence(
    horizon,
    (step) => (at(smoothed, step) + line.start + line.slope * (recent.length + step)) / 2,
  );
}

function lineThrough(values: readonly number[]): { start: number; slope: number } {
  const middle = (values.length - 1) / 2;
  const mean = meanOf(values);
  let cross = 0;
  let square = 0;
  for (const [t, value] of values.entries()) {
    cross += (t - middle) * (value - mean);
    square += (t - middle) ** 2;
  }
  const slope = square === 0 ? 0 : cross / square;
  return { start: mean - slope * middle, slope };
}
