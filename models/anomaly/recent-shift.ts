import { quantile } from "../forecast/quantile.ts";
import { at, clamp, meanOf } from "../forecast/sequence.ts";

export interface RecentChanges {
  /** To another level that has held for some days. */
  readonly shift: RecentShift;
  /** Of the last two or three values, each on the same side: too slight for any one of them, and no new level yet. */
  readonly run: RecentShift;
}

export interface RecentShift {
  /** How far the latest values are from those before, in standard deviations of such a difference. */
  readonly sigmas: number;
  /** The difference, in the unit of the values. */
  readonly change: number;
  /** How many of the latest values are at the other level. */
  readonly rows: number;
}

/** How many of the latest values may have shifted, or be a run. */
const SHIFT_ROWS = [4, 6, 8, 11];
const RUN_ROWS = [2, 3];
const BEFORE_ROWS = 28;
/** A single value counts for at most that many deviations: a spike is no shift. */
const CLIP_SIGMAS = 2.5;
/** The slope is a median of differences so far apart: longer than a shift takes, shorter than what is known. */
const SLOPE_ROWS = 28;
const MIN_BEFORE = 10;
const MAX_CORRELATION = 0.8;
/** A value that has gone so much of the way agrees. */
const AGREEING_SHARE = 0.4;

const NONE: RecentShift = { sigmas: 0, change: 0, rows: 0 };

/**
 * Whether the latest values lie around another level than those before, the slow slope of the series set apart:
 * a two-window test with clipped means, widened by the correlation of neighbours.
 * Huber (1964), "Robust estimation of a location parameter", Ann. Math. Stat. 35, section 1 (clipping);
 * Bayley & Hammersley (1946), "The effective number of independent observations", JRSS Suppl. 8, equation 1.
 */
export function recentChanges(adjusted: readonly number[], sigma: number): RecentChanges {
  const slope = slopeOf(adjusted);
  const flat = adjusted.map((value, t) => value - slope * t);
  const spread = sigma * Math.sqrt(correlationFactor(flat, sigma));
  return {
    // A shift may have one value that is not like the others.
    shift: strongest(flat, { sigma, spread, lengths: SHIFT_ROWS, exceptions: 1 }),
    run: strongest(flat, { sigma, spread, lengths: RUN_ROWS, exceptions: 0 }),
  };
}

interface Search {
  readonly sigma: number;
  /** The deviation of a single value, made wider by the correlation of neighbours. */
  readonly spread: number;
  readonly lengths: readonly number[];
  readonly exceptions: number;
}

function strongest(flat: readonly number[], { sigma, spread, lengths, exceptions }: Search): RecentShift {
  let found = NONE;
  for (const rows of lengths) {
    const before = flat.slice(0, -rows).slice(-BEFORE_ROWS);
    if (before.length < MIN_BEFORE) continue;
    const base = clippedMean(before, quantile(before, 0.5), sigma);
    const after = flat.slice(-rows);
    const middle = quantile(after, 0.5);
    const change = clippedMean(after, middle, sigma) - base;
    const sigmas = Math.abs(change) / (spread * Math.sqrt(1 / rows + 1 / before.length));
    const agreeing = after.filter((value) => (value - base) / change > AGREEING_SHARE).length;
    if (sigmas > found.sigmas && agreeing >= rows - exceptions) found = { sigmas, change, rows };
  }
  return found;
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
