import { clamp } from "../forecast/sequence.ts";

/** The mean of some observations: an error rate of so many calls, the latency of so many answers. */
export interface WeightedObservation {
  readonly value: number;
  /** Of so many observations; 0 = there was nothing to observe. */
  readonly weight: number;
}

/** What is averaged: shares from 0 to 1, counts, logarithms of sizes, or values that vary by amounts. */
export type WeightedKind = "share" | "count" | "size" | "amount";

/** Rarer is not told apart from never. */
const LEAST_SHARE = 0.002;
const LEAST_COUNT = 0.3;

/**
 * How far a mean is from a level: for shares and counts in standard deviations, by the deviance of the binomial and the
 * Poisson distribution, which holds for a handful of observations too; for others times the deviation of one observation.
 * McCullagh & Nelder (1989), Generalized Linear Models (2nd ed.), table 2.1 and section 2.4.3.
 */
export function residualOf(
  kind: WeightedKind,
  { value, weight }: WeightedObservation,
  level: number,
): number {
  const root = Math.sqrt(2 * weight);
  const sign = Math.sign(value - level);
  switch (kind) {
    case "share": {
      const usual = clamp(level, LEAST_SHARE, 1 - LEAST_SHARE);
      return sign * root * Math.sqrt(Math.max(0, gain(value, usual) + gain(1 - value, 1 - usual)));
    }
    case "count": {
      const usual = Math.max(level, LEAST_COUNT);
      return sign * root * Math.sqrt(Math.max(0, gain(value, usual) - value + usual));
    }
    default:
      return (value - level) * Math.sqrt(weight);
  }
}

/** The part of a deviance that one outcome adds. */
function gain(seen: number, usual: number): number {
  return seen <= 0 ? 0 : seen * Math.log(seen / usual);
}
