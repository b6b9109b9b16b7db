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

/** The bound that days err together weighs as much as so many past sums. */
const BOUND_SUMS = 6;
/** 1.96 / 1.2816: a 95 % interval of few sums is at least as much wider as a Gaussian's. */
const WIDER_95 = 1.53;

/**
 * The sum of the first steps, such as a month of days. Its interval comes from the sums of past errors, because the
 * errors of one forecast go together: the squares of the steps' widths would say too little. Few past sums, of origins
 * that overlap, do not show how far a sum can be off: they are weighed with the other bound, that all steps err in the
 * same direction, where the widths add up. Beyond the tested steps the error of a sum grows with its length, and as a
 * random walk does beyond that.
 */
export function sumInterval(
  points: readonly IntervalPoint[],
  errors: readonly (readonly number[])[],
  { steps, floor }: { readonly steps: number; readonly floor: number },
): SumInterval {
  const summed = points.slice(0, steps);
  const point = sumOf(summed.map((one) => one.point));
  const tested = Math.min(steps, errors[0]?.length ?? 0);
  const together = {
    half80: sumOf(summed.map((one) => one.hi80 - one.point)),
    half95: sumOf(summed.map((one) => one.hi95 - one.point)),
  };
  const { half80, half95 } =
    tested === 0 ? together : halvesOf(errors, { tested, longer: summed.length / tested, together });
  return {
    steps: summed.length,
    point,
    lo80: Math.max(floor, point - half80),
    hi80: point + half80,
    lo95: Math.max(floor, point - half95),
    hi95: point + half95,
  };
}

interface Halves {
  readonly half80: number;
  readonly half95: number;
}

function halvesOf(
  errors: readonly (readonly number[])[],
  {
    tested,
    longer,
    together,
  }: { readonly tested: number; readonly longer: number; readonly together: Halves },
): Halves {
  const sums = errors.map((path) => Math.abs(sumOf(path.slice(0, tested))));
  const growth = longer * Math.sqrt(longer);
  const share = BOUND_SUMS / (BOUND_SUMS + sums.length);
  const blend = (seen: number, bound: number): number => share * bound + (1 - share) * seen;
  const seen80 = quantile(sums, 0.8) * (1 + FEW_ORIGINS_80 / sums.length) * growth;
  const seen95 = quantile(sums, 0.95) * (1 + FEW_ORIGINS_95 / sums.length) * growth;
  const half80 = blend(seen80, together.half80);
  return { half80, half95: Math.max(half80 * WIDER_95, blend(seen95, together.half95)) };
}
