import { at, cell, meanOf, sequence } from "./sequence.ts";

export interface Decomposition {
  /** The values without their seasons; level and trend remain. */
  readonly adjusted: number[];
  /** The sum of all seasons, for a step after the end (0 = the next value). */
  seasonAt(step: number): number;
}

export interface IndexOptions {
  /** How much of its weight a season keeps when a newer one has passed: 1 = all count the same. */
  readonly decay: number;
}

/** A season must have been seen that often to be believed. */
const MIN_CYCLES = 2;

/**
 * Additive seasonal indices of several periods, shortest first, each from what the shorter ones left: values minus
 * their moving average over one period, averaged by place in the season with exponentially falling weights.
 * On logarithms they are multiplicative. The classical decomposition (Hyndman & Athanasopoulos, Forecasting:
 * Principles and Practice, 3rd ed., section 3.4), iterated over periods as in MSTL (Bandara, Hyndman & Bergmeir,
 * 2021, arXiv 2107.13462, algorithm 1).
 */
export function decompose(
  values: readonly number[],
  periods: readonly number[],
  { decay }: IndexOptions,
): Decomposition {
  let adjusted = [...values];
  const seasons: number[][] = [];
  for (const period of periods) {
    if (adjusted.length < MIN_CYCLES * period) continue;
    const season = indicesOf(adjusted, period, decay);
    adjusted = adjusted.map((value, t) => value - at(season, t % period));
    seasons.push(season);
  }
  return {
    adjusted,
    seasonAt: (step) =>
      seasons.reduce((sum, season) => sum + at(season, (values.length + step) % season.length), 0),
  };
}

/** Centred on 0; the index is `t mod period`. */
function indicesOf(values: readonly number[], period: number, decay: number): number[] {
  const level = movingAverage(values, period);
  const sums = new Float64Array(period);
  const weights = new Float64Array(period);
  const keep = decay ** (1 / period);
  let weight = 1;
  for (let t = values.length - 1; t >= 0; t--) {
    const place = t % period;
    sums[place] = cell(sums, place) + weight * (at(values, t) - at(level, t));
    weights[place] = cell(weights, place) + weight;
    weight *= keep;
  }
  const season = sequence(period, (place) => cell(sums, place) / cell(weights, place));
  const centre = meanOf(season);
  return season.map((index) => index - centre);
}

/** Over one period, centred; at the ends, of the first and last whole period. */
export function movingAverage(values: readonly number[], period: number): number[] {
  const totals = [0];
  for (const [t, value] of values.entries()) totals.push(at(totals, t) + value);
  const width = Math.min(period, values.length);
  const mean = (from: number): number => (at(totals, from + width) - at(totals, from)) / width;
  const lastStart = values.length - width;
  return sequence(values.length, (t) => {
    const start = Math.min(lastStart, Math.max(0, t - Math.floor(width / 2)));
    if (width % 2 === 1) return mean(start);
    const next = Math.min(lastStart, start + 1);
    return (mean(start) + mean(next)) / 2;
  });
}
