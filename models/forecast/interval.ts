import { quantile } from "./quantile.ts";
import { at, clamp, meanOf, sequence } from "./sequence.ts";

export interface IntervalPoint {
  /** 1 = the next value. */
  readonly step: number;
  readonly point: number;
  readonly lo80: number;
  readonly hi80: number;
  readonly lo95: number;
  readonly hi95: number;
}

/** Half widths of the intervals at each step, for a forecast of any length. */
export interface Margins {
  readonly half80: number;
  readonly half95: number;
}

/** Steps before and after a step that tell its typical error, as a share of all tested steps. */
const WINDOW_SHARE = 1 / 6;
/** The typical error of a step is drawn half way to that of all steps: few origins say little about one step. */
const POOLED_SHARE = 0.5;
/** With few origins the extremes have not been seen yet: widths grow by this share / origins. */
export const FEW_ORIGINS_80 = 0.45;
export const FEW_ORIGINS_95 = 1.1;
/** A series that never changed may change: no interval is narrower than this share of the typical value. */
const MIN_SHARE = 1e-12;
const NEGLIGIBLE = Number.MIN_VALUE;

/**
 * Half widths such that P(actual inside) is 80 % and 95 %, if the errors to come are like those made at past
 * origins: quantiles of the absolute errors, each scaled by the typical error at its step, so that all steps and
 * origins speak for all. Beyond the tested steps the width grows with the square root of the step, as for a random walk.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.5; split conformal
 * prediction: Lei, G'Sell, Rinaldo, Tibshirani & Wasserman (2018), JASA 113, algorithm 3 (locally weighted).
 */
export function marginsFrom(errors: readonly (readonly number[])[], horizon: number): Margins[] {
  const tested = errors[0]?.length ?? 0;
  if (tested === 0) return sequence(horizon, () => 0).map(() => ({ half80: 0, half95: 0 }));
  const scales = scaleBySteps(errors, tested);
  const scaled = errors.flatMap((path) => path.map((error, step) => Math.abs(error) / at(scales, step)));
  const half80 = quantile(scaled, 0.8) * (1 + FEW_ORIGINS_80 / errors.length);
  const half95 = Math.max(half80, quantile(scaled, 0.95) * (1 + FEW_ORIGINS_95 / errors.length));
  return sequence(horizon, (step) => step).map((step) => {
    const scale = at(scales, Math.min(step, tested - 1)) * Math.sqrt(Math.max(1, (step + 1) / tested));
    return { half80: half80 * scale, half95: half95 * scale };
  });
}

/** The mean absolute error around each step. */
function scaleBySteps(errors: readonly (readonly number[])[], tested: number): number[] {
  const byStep = sequence(tested, (step) => meanOf(errors.map((path) => Math.abs(at(path, step)))));
  const overall = meanOf(byStep);
  const reach = Math.ceil(tested * WINDOW_SHARE);
  return byStep.map((_, step) => {
    const around = meanOf(byStep.slice(Math.max(0, step - reach), step + reach + 1));
    return POOLED_SHARE * overall + (1 - POOLED_SHARE) * around + MIN_SHARE * overall + NEGLIGIBLE;
  });
}

/** Points with their margins around them; nothing below `floor`. */
export function withMargins(
  points: readonly number[],
  margins: readonly Margins[],
  floor: number,
): IntervalPoint[] {
  return points.map((value, index) => {
    const { half80, half95 } = margins[index] ?? { half80: 0, half95: 0 };
    const point = Math.max(floor, value);
    const keep = (bound: number): number => clamp(bound, floor, Number.MAX_VALUE);
    return {
      step: index + 1,
      point,
      lo80: keep(point - half80),
      hi80: keep(point + half80),
      lo95: keep(point - half95),
      hi95: keep(point + half95),
    };
  });
}
