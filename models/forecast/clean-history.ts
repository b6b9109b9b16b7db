import { quantile } from "./quantile.ts";
import { at, sequence } from "./sequence.ts";

export interface CleanHistory {
  readonly values: number[];
  /** How many values were missing and are filled in. */
  readonly filled: number;
  /** How many values were so far out that they are pulled in. */
  readonly tamed: number;
}

/** Robust standard deviations from the usual at the same place of the season; a Gaussian is there once in 1e15. */
const OUTLIER_SIGMAS = 8;
/** The usual: the median of that many values before and after at the same place. */
const REACH = 3;
/** A run longer than this is no outlier but how the series is now, or a shift. */
const MAX_RUN = 2;
/** 1 / (0.75 quantile of the standard normal distribution): median absolute deviation to standard deviation. */
const MAD_TO_SIGMA = 1.4826;
const MIN_SEASONS = 4;

/**
 * What the models learn from: gaps (NaN) filled with the value between the nearest known ones at the same place of
 * the season, and single wild values pulled to the edge of the believable. The last season is left as it is.
 * Hampel's identifier: Davies & Gather (1993), "The identification of multiple outliers", JASA 88, p. 782.
 */
export function cleanHistory(history: readonly number[], period: number): CleanHistory {
  const { values, filled } = fillGaps(history, period);
  const { tamed, count } = tameOutliers(values, period);
  return { values: tamed, filled, tamed: count };
}

function fillGaps(history: readonly number[], period: number): { values: number[]; filled: number } {
  let filled = 0;
  const known = (t: number): boolean => Number.isFinite(history[t]);
  const values = history.map((value, t) => {
    if (Number.isFinite(value)) return value;
    filled += 1;
    let before = t;
    while (before >= 0 && !known(before)) before -= period;
    let after = t;
    while (after < history.length && !known(after)) after += period;
    const [low, high] = [history[before], history[after]];
    if (low === undefined && high === undefined) return nearestKnown(history, t);
    if (low === undefined) return high ?? 0;
    return high === undefined ? low : low + ((high - low) * (t - before)) / (after - before);
  });
  return { values, filled };
}

function nearestKnown(history: readonly number[], t: number): number {
  for (let distance = 1; distance < history.length; distance++) {
    for (const value of [history[t - distance], history[t + distance]]) {
      if (value !== undefined && Number.isFinite(value)) return value;
    }
  }
  return 0;
}

function tameOutliers(values: readonly number[], period: number): { tamed: number[]; count: number } {
  if (values.length < MIN_SEASONS * period || values.length < 2 * REACH * 2)
    return { tamed: [...values], count: 0 };
  const usual = values.map((_, t) => usualAt(values, t, period));
  const deviations = values.map((value, t) => value - at(usual, t));
  const limit = OUTLIER_SIGMAS * MAD_TO_SIGMA * quantile(deviations.map(Math.abs), 0.5);
  if (limit === 0) return { tamed: [...values], count: 0 };
  const wild = deviations.map((deviation) => Math.abs(deviation) > limit);
  let count = 0;
  const tamed = values.map((value, t) => {
    if (!wild[t] || t >= values.length - period || runAround(wild, t) > MAX_RUN) return value;
    count += 1;
    return at(usual, t) + Math.sign(at(deviations, t)) * limit;
  });
  return { tamed, count };
}

function usualAt(values: readonly number[], t: number, period: number): number {
  const around = sequence(2 * REACH + 1, (index) => t + (index - REACH) * period);
  return quantile(
    around
      .filter((place) => place !== t && place >= 0 && place < values.length)
      .map((place) => at(values, place)),
    0.5,
  );
}

function runAround(wild: readonly boolean[], t: number): number {
  let from = t;
  while (wild[from - 1]) from -= 1;
  let to = t;
  while (wild[to + 1]) to += 1;
  return to - from + 1;
}
