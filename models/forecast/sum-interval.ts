import { FEW_ORIGINS_80, FEW_ORIGINS_95, type IntervalPoint } from "./interval.ts";
import { quantile } from "./quantile.ts";
import { sumOf } from "./sequence.ts";

export interface SumInterval {
  /** Of so many steps. */
  readonly steps: number;
  readonly point: number;
  readonly lo80: number;
  readonly hi80: number;
  readonly lo95: number;
  readonly hi95: number;
}

/**
 * The sum of the first steps, such as a month of days. Its interval comes from the sums of past errors, because the
 * errors of one forecast go together: adding up the widths of the steps would say too much, their squares too little.
 * Beyond the tested steps the error of a sum grows with its length, and as a random walk does beyond that.
 */
export function sumInterval(
  points: readonly IntervalPoint[],
  errors: readonly (readonly number[])[],
  { steps, floor }: { readonly steps: number; readonly floor: number },
): SumInterval {
  const summed = points.slice(0, steps);
  const point = sumOf(summed.map((one) => one.point));
  const tested = Math.min(steps, errors[0]?.length ?? 0);
  const fallback = {
    half80: sumOf(summed.map((one) => one.hi80 - one.point)),
    half95: sumOf(summed.map((one) => one.hi95 - one.point)),
  };
  const { half80, half95 } = tested === 0 ? fallback : halvesOf(errors, tested, summed.length / tested);
  return {
    steps: summed.length,
    point,
    lo80: Math.max(floor, point - half80),
    hi80: point + half80,
    lo95: Math.max(floor, point - half95),
    hi95: point + half95,
  };
}

function halvesOf(errors: readonly (readonly number[])[], tested: number, longer: number) {
  const sums = errors.map((path) => Math.abs(sumOf(path.slice(0, tested))));
  const growth = longer * Math.sqrt(longer);
  const half80 = quantile(sums, 0.8) * (1 + FEW_ORIGINS_80 / sums.length) * growth;
  return {
    half80,
    half95: Math.max(half80 * WIDER_95, quantile(sums, 0.95) * (1 + FEW_ORIGINS_95 / sums.length) * growth),
  };
}

/** 1.96 / 1.2816: a 95 % interval of few sums is at least as much wider as a Gaussian's. */
const WIDER_95 = 1.53;
