import type { IntervalPoint } from "./interval.ts";
import { normalCdf } from "./normal.ts";
import { at, sequence, sumOf } from "./sequence.ts";

const Z80 = 1.2816;
/** The days of one forecast err together: half of their variance is common to all. */
const COMMON_SHARE = 0.5;
/** Points of the common error that are weighed, from -4 to 4 standard deviations. */
const GRID = 81;
const GRID_REACH = 4;

/**
 * P(any of the days reaches the limit), of days whose errors are equally correlated and normal: given the common error
 * the days are independent, so it is one integral. Vasicek (2002), "The distribution of loan portfolio value", Risk 15 (one factor).
 */
export function hitProbability(days: readonly IntervalPoint[], limit: number): number {
  if (days.length === 0) return 0;
  const distances = days.map((day) => distanceOf(day, limit));
  const own = Math.sqrt(1 - COMMON_SHARE);
  const points = sequence(GRID, (index) => (2 * GRID_REACH * index) / (GRID - 1) - GRID_REACH);
  const weights = points.map((z) => Math.exp((-z * z) / 2));
  const missed = points.map((z, index) => {
    let probability = at(weights, index);
    for (const distance of distances) {
      probability *= normalCdf((distance - Math.sqrt(COMMON_SHARE) * z) / own);
    }
    return probability;
  });
  return 1 - sumOf(missed) / sumOf(weights);
}

/** Of one day by itself. */
export function dayHitProbability(day: IntervalPoint, limit: number): number {
  return 1 - normalCdf(distanceOf(day, limit));
}

/** Days as one, such as a week: their errors are as correlated as above. */
export function summedDays(days: readonly IntervalPoint[], already: number): IntervalPoint {
  const point = already + sumOf(days.map((day) => day.point));
  const own = sumOf(days.map((day) => (day.hi80 - day.point) ** 2));
  const together = sumOf(days.map((day) => day.hi80 - day.point)) ** 2;
  const half80 = Math.sqrt(COMMON_SHARE * together + (1 - COMMON_SHARE) * own);
  const half95 = half80 * WIDER_95;
  const low = (half: number): number => Math.max(already, point - half);
  return {
    step: days.length,
    point,
    lo80: low(half80),
    hi80: point + half80,
    lo95: low(half95),
    hi95: point + half95,
  };
}

/** 1.96 / 1.2816. */
const WIDER_95 = 1.53;

/** In standard deviations from what is forecast to the limit; a forecast without any doubt is far from it. */
function distanceOf({ point, hi80 }: IntervalPoint, limit: number): number {
  const sigma = (hi80 - point) / Z80;
  if (sigma > 0) return (limit - point) / sigma;
  return point >= limit ? -GRID_REACH * 10 : GRID_REACH * 10;
}
