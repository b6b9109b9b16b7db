import { quantile } from "../forecast/quantile.ts";
import { at, clamp, meanOf } from "../forecast/sequence.ts";

export interface RecentShift {
  /** How far the latest values are from those before, in standard deviations of such a difference. */
  readonly sigmas: number;
  /** The difference, in the unit of the values. */
  readonly change: number;
  /** How many of the latest values are at the other level. */
  readonly rows: number;
}

/** How many of the latest values may have shifted. */
const AFTER_ROWS = [4, 6, 8, 11];
const BEFORE_ROWS = 28;
/** A single value counts for at most that many deviations: a spike is no shift. */
const CLIP_SIGMAS = 2.5;
/** The slope is a median of differences so far apart: longer than a shift takes, shorter than what is known. */
const SLOPE_ROWS = 28;
const MIN_BEFORE = 10;
const MAX_CORRELATION = 0.8;

const NONE: RecentShift = { sigmas: 0, change: 0, rows: 0 };

/**
 * Whether the latest few values lie around another level than those before, the slow slope of the series set apart:
 * a two-window test with clipped means, widened by the correlation of neighbours.
 * Huber (1964), "Robust estimation of a location parameter", Ann. Math. Stat. 35, section 1 (clipping);
 * Bayley & Hammersley (1946), "The effective number of independent observations", JRSS Suppl. 8, equation 1.
 */
export function recentShift(adjusted: readonly number[], sigma: number): RecentShift {
  const slope = slopeOf(adjusted);
  const flat = adjusted.map((value, t) => value - slope * t);
  const widening = Math.sqrt(correlationFactor(flat, sigma));
  let found = NONE;
  for (const rows of AFTER_ROWS) {
    const before = flat.slice(0, -rows).slice(-BEFORE_ROWS);
    if (before.length < MIN_BEFORE) continue;
    const base = clippedMean(before, quantile(before, 0.5), sigma);
    const after = flat.slice(-rows);
    const middle = quantile(after, 0.5);
    const change = clippedMean(after, middle, sigma) - base;
    const spread = sigma * widening * Math.sqrt(1 / rows + 1 / before.length);
    const sigmas = Math.abs(change) / spread;
    if (sigmas > found.sigmas && agree(after, base, change)) found = { sigmas, change, rows };
  }
  return found;
}

/** All but one lie on the same side, at least half way. */
function agree(after: readonly number[], base: number, change: number): boolean {
  const far = after.filter((value) => (value - base) / change > 0.4).length;
  return far >= after.length - 1;
}

function clippedMean(values: readonly number[], centre: number, sigma: number): number {
  const reach = CLIP_SIGMAS * sigma;
  return centre + meanOf(values.map((value) => clamp(value - centre, -reach, reach)));
}

function slopeOf(values: readonly number[]): number {
  if (values.length < 2 * SLOPE_ROWS) return 0;
  const rises = values.slice(SLOPE_ROWS).map((value, index) => value - at(values, index));
  return quantile(rises, 0.5) / SLOPE_ROWS;
}

/** How much wider the variance of a mean is because neighbours are alike: (1 + r) / (1 - r). */
function correlationFactor(values: readonly number[], sigma: number): number {
  const local = values.map((value, t) => {
    const around = values.slice(Math.max(0, t - 7), t + 8);
    return clamp((value - quantile(around, 0.5)) / sigma, -CLIP_SIGMAS, CLIP_SIGMAS);
  });
  let cross = 0;
  let square = 0;
  for (let t = 1; t < local.length; t++) {
    cross += at(local, t) * at(local, t - 1);
    square += at(local, t) ** 2;
  }
  const correlation = square === 0 ? 0 : clamp(cross / square, 0, MAX_CORRELATION);
  return (1 + correlation) / (1 - correlation);
}
