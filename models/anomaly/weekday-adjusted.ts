import { quantile } from "../forecast/quantile.ts";
import { at, sequence } from "../forecast/sequence.ts";

export interface WeekdayAdjusted {
  /** The values without what their place in the season adds. */
  readonly adjusted: number[];
  /** What the place of the last value adds. */
  readonly lastIndex: number;
}

/** Seasons on both sides that the level of a value is a median of. */
const REACH_SEASONS = 1;
const MIN_SEASONS = 3;

/**
 * Takes the season out by medians, so that what bursts once leaves no trace in the weeks after. The last value takes
 * no part in what is taken from it. Tukey (1977), Exploratory Data Analysis, chapter 11 (median polish), by place.
 */
export function weekdayAdjusted(values: readonly number[], period: number): WeekdayAdjusted {
  if (period === 1 || values.length < MIN_SEASONS * period) return { adjusted: [...values], lastIndex: 0 };
  const known = values.slice(0, -1);
  const reach = REACH_SEASONS * period;
  const levels = known.map((_, t) => quantile(known.slice(Math.max(0, t - reach), t + reach + 1), 0.5));
  const indices = sequence(period, (place) => {
    const deviations = known.map((value, t) => value - at(levels, t)).filter((_, t) => t % period === place);
    return quantile(deviations, 0.5);
  });
  const centre = indices.reduce((sum, index) => sum + index, 0) / period;
  const indexAt = (t: number): number => at(indices, t % period) - centre;
  return {
    adjusted: values.map((value, t) => value - indexAt(t)),
    lastIndex: indexAt(values.length - 1),
  };
}
