import type { ForecastTask } from "./model.ts";
import { quantile } from "./quantile.ts";

/** A monotone change of scale, and the way back. */
export interface Scale {
  readonly name: "log" | "shifted-log" | "identity";
  forward(value: number): number;
  back(value: number): number;
}

export const IDENTITY: Scale = { name: "identity", forward: (value) => value, back: (value) => value };
const LOG: Scale = { name: "log", forward: Math.log, back: Math.exp };

/** A smallest value under this share of the median lies too far out on a log scale, and is pulled in by a shift. */
const MIN_LOG_SHARE = 0.05;
/** The shift, as a share of the typical positive value. */
const SHIFT_SHARE = 0.2;
/** Below it, logarithms and ratios lose their digits. */
const MIN_TYPICAL = 1e-280;

/**
 * Logarithms for what is positive, so that what multiplies adds up; shifted ones where there are zeros or nearly
 * zeros; none where there are negative values or nothing but zeros.
 * Box & Cox (1964), "An analysis of transformations", JRSS B 26, p. 214 (the two-parameter family with lambda 0).
 */
export function chooseScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0 || values.some((value) => value < 0)) return IDENTITY;
  const typical = quantile(positive, 0.5);
  if (typical < MIN_TYPICAL) return IDENTITY;
  const isFar = values.some((value) => value < typical * MIN_LOG_SHARE);
  if (!isFar) return LOG;
  const shift = typical * SHIFT_SHARE;
  return {
    name: "shifted-log",
    forward: (value) => Math.log(value + shift),
    back: (value) => Math.exp(value) - shift,
  };
}

/** A forecast leaves the range of the recent values by at most this share of the range. */
const MAX_LEAVING_SHARE = 0.5;

/** What an iterated or extrapolating model may say at most: a model can explode, a series rarely does. */
export function believableRange(
  values: readonly number[],
  { horizon, periods }: ForecastTask,
): { readonly low: number; readonly high: number } {
  const recent = values.slice(-Math.max(4 * horizon, 2 * (periods.at(-1) ?? 1), 20));
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of recent) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const leaving = (high - low) * MAX_LEAVING_SHARE;
  return { low: low - leaving, high: high + leaving };
}
