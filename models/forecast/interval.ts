import { quantile } from "./quantile.ts";

export interface IntervalPoint {
  /** 1 = the next value. */
  readonly step: number;
  readonly point: number;
  readonly lo80: number;
  readonly hi80: number;
  readonly lo95: number;
  readonly hi95: number;
}

/** From this many errors on, their own quantiles are used; below, a robust scale and the normal distribution. */
const MIN_EMPIRICAL_ERRORS = 40;
/** Fewer errors than this at a step: those of the steps before are taken along. */
const MIN_SCALE_ERRORS = 8;
/** Standard normal quantiles at 90 % and 97.5 %. */
const Z80 = 1.2816;
const Z95 = 1.96;

/**
 * Prediction intervals from the errors of a backtest: P(actual inside) is 80 % and 95 % if the errors to come are
 * like those that were made. Beyond the tested steps, the last tested width grows with the square root of the step,
 * as for a random walk. Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.5.
 */
export function withIntervals(
  points: readonly number[],
  errorsByStep: readonly (readonly number[])[],
  { nonNegative }: { readonly nonNegative: boolean },
): IntervalPoint[] {
  const floor = nonNegative ? 0 : Number.NEGATIVE_INFINITY;
  const tested = errorsByStep.map((_, index) => marginsOf(errorsUpTo(errorsByStep, index)));
  return points.map((value, index) => {
    const margins = tested[Math.min(index, tested.length - 1)] ?? ZERO_MARGINS;
    const growth = Math.sqrt(Math.max(1, (index + 1) / Math.max(1, tested.length)));
    const at = (margin: number): number => Math.max(floor, value + margin * growth);
    return {
      step: index + 1,
      point: Math.max(floor, value),
      lo80: at(margins.lo80),
      hi80: at(margins.hi80),
      lo95: at(margins.lo95),
      hi95: at(margins.hi95),
    };
  });
}

/** Distances from the point, lower ones at most 0 and upper ones at least 0. */
interface Margins {
  readonly lo80: number;
  readonly hi80: number;
  readonly lo95: number;
  readonly hi95: number;
}

const ZERO_MARGINS: Margins = { lo80: 0, hi80: 0, lo95: 0, hi95: 0 };

function errorsUpTo(errorsByStep: readonly (readonly number[])[], index: number): number[] {
  const errors: number[] = [];
  for (let step = index; step >= 0 && errors.length < MIN_SCALE_ERRORS; step--) {
    errors.push(...(errorsByStep[step] ?? []));
  }
  return errors;
}

function marginsOf(errors: readonly number[]): Margins {
  if (errors.length === 0) return ZERO_MARGINS;
  if (errors.length < MIN_EMPIRICAL_ERRORS) {
    const sigma = quantile(errors.map(Math.abs), 0.8) / Z80;
    return { lo80: -Z80 * sigma, hi80: Z80 * sigma, lo95: -Z95 * sigma, hi95: Z95 * sigma };
  }
  const lo80 = Math.min(0, quantile(errors, 0.1));
  const hi80 = Math.max(0, quantile(errors, 0.9));
  return {
    lo80,
    hi80,
    lo95: Math.min(lo80, quantile(errors, 0.025)),
    hi95: Math.max(hi80, quantile(errors, 0.975)),
  };
}
