import type { IntervalPoint } from "./interval.ts";
import { at, sequence, sumOf } from "./sequence.ts";

export interface ForecastGroup {
  /** Forecasts of the parts, each with the steps of the total. */
  readonly parts: readonly (readonly IntervalPoint[])[];
}

export interface Reconciled {
  readonly total: IntervalPoint[];
  /** Groups and parts in the order given; the parts of each group sum to the total. */
  readonly groups: readonly (readonly IntervalPoint[][])[];
}

/** 90 % quantile of the standard normal distribution. */
const Z80 = 1.2816;
/** A part without any uncertainty would take no share of a difference; this share of its size is the least. */
const MIN_SIGMA_SHARE = 1e-6;

/**
 * Makes forecasts coherent: the total and the sums of the parts of every group become one number, each moved the
 * less the surer it was. Minimises the sum of squared changes over variances, in closed form for one total:
 * T = (t/v + Σ S_g/V_g) / (1/v + Σ 1/V_g), part = p + v_p (T - S_g) / V_g. Where nothing may be negative, parts that
 * would be are 0 and the rest is scaled. Intervals move along with their points.
 * Wickramasuriya, Athanasopoulos & Hyndman (2019), "Optimal forecast reconciliation", JASA 114, equation 9, with a
 * diagonal matrix (WLS).
 */
export function reconcile(
  total: readonly IntervalPoint[],
  groups: readonly ForecastGroup[],
  { nonNegative }: { readonly nonNegative: boolean },
): Reconciled {
  const usable = groups.map(({ parts }) => parts.length > 0);
  const steps = total.map((point, step) => {
    const pairs = groups.map(({ parts }) => parts.map((part) => pointAt(part, step)));
    const target = agreedTotal(
      point,
      pairs.filter((_, index) => usable[index]),
    );
    const agreed = nonNegative ? Math.max(0, target) : target;
    return { agreed, parts: pairs.map((parts) => agreedParts(parts, agreed, nonNegative)) };
  });
  const floor = nonNegative ? 0 : Number.NEGATIVE_INFINITY;
  return {
    total: total.map((point, step) => moved(point, steps[step]?.agreed ?? point.point, floor)),
    groups: groups.map(({ parts }, group) =>
      parts.map((part, index) =>
        part.map((point, step) => moved(point, at(steps[step]?.parts[group] ?? [], index), floor)),
      ),
    ),
  };
}

function pointAt(part: readonly IntervalPoint[], step: number): IntervalPoint {
  const point = part[step];
  if (point === undefined) throw new RangeError("a part has fewer steps than the total");
  return point;
}

function agreedTotal(total: IntervalPoint, groups: readonly (readonly IntervalPoint[])[]): number {
  const own = 1 / varianceOf(total);
  let weighted = total.point * own;
  let weights = own;
  for (const parts of groups) {
    const weight = 1 / sumOf(parts.map(varianceOf));
    weighted += weight * sumOf(parts.map(({ point }) => point));
    weights += weight;
  }
  return weighted / weights;
}

function agreedParts(parts: readonly IntervalPoint[], total: number, nonNegative: boolean): number[] {
  const missing = total - sumOf(parts.map(({ point }) => point));
  const variances = parts.map(varianceOf);
  const all = sumOf(variances);
  const changed = parts.map(({ point }, index) => point + (at(variances, index) * missing) / all);
  if (!nonNegative || changed.every((value) => value >= 0)) return changed;
  const kept = changed.map((value) => Math.max(0, value));
  const sum = sumOf(kept);
  return sum === 0
    ? sequence(kept.length, () => total / kept.length)
    : kept.map((value) => (value * total) / sum);
}

function varianceOf({ point, lo80, hi80 }: IntervalPoint): number {
  const sigma = Math.max(hi80 - point, point - lo80) / Z80;
  return Math.max(sigma, Math.abs(point) * MIN_SIGMA_SHARE, Number.EPSILON) ** 2;
}

function moved(from: IntervalPoint, point: number, floor: number): IntervalPoint {
  const by = point - from.point;
  const keep = (bound: number): number => Math.max(floor, bound + by);
  return {
    step: from.step,
    point,
    lo80: Math.min(point, keep(from.lo80)),
    hi80: Math.max(point, keep(from.hi80)),
    lo95: Math.min(point, keep(from.lo95)),
    hi95: Math.max(point, keep(from.hi95)),
  };
}
