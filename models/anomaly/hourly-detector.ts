import { clamp } from "../forecast/sequence.ts";
import { openExpectation } from "./expectation.ts";
import { openRefractory } from "./refractory.ts";
import { type Detector, verdictOf } from "./verdict.ts";

/** Robust standard deviations; about one false alarm in many years of Gaussian hours, one in a few of real ones. */
const THRESHOLD_SIGMAS = 5;
/** The level follows what was seen over about that many hours. */
const LEVEL_HOURS = 12;
/** The usual deviation is a mean over about that many hours. */
const SCALE_HOURS = 300;
/** A single value moves level, scale and season by at most that many deviations. */
const CLIP_SIGMAS = 3;
/** Mean absolute deviation to standard deviation, of a Gaussian, clipping made good. */
const ABSOLUTE_TO_SIGMA = 1.27;
/** Ratios of values that are small beside the mean say nothing: this share of it is added to both. */
const SMALL_SHARE = 0.05;
const MEAN_HOURS = 1_000;
const WARM_UP_HOURS = 72;
/** Smaller changes than this (a share of the value) are noise, however quiet the series was. */
const MIN_SIGMA = 0.02;
const REFRACTORY = { rows: 24, share: 0 };
const HOUR_MS = 3_600_000;

/**
 * For values that come every half hour to few hours, with a day and a week in them: the logarithm of the value over
 * what its hour of the day or week usually brings at the level of the last hours, in robust standard deviations.
 * Constant time and memory. Differences instead of ratios once a negative value was seen.
 * Robust exponential smoothing: Gelper, Fried & Croux (2010), J. Forecasting 29, equations 9-13.
 */
export function openHourlyDetector({ intervalMs }: { readonly intervalMs: number }): Detector {
  const rowsAnHour = HOUR_MS / intervalMs;
  const expectation = openExpectation(intervalMs);
  const refractory = openRefractory(REFRACTORY);
  const track = openTrack(rowsAnHour);
  return {
    next({ timeMs, value }) {
      const { best } = expectation.at(timeMs, value);
      const { sigmas, learned, expected } = track.next(value, best);
      expectation.learn(timeMs, learned);
      const isWarm = track.seen() > WARM_UP_HOURS * rowsAnHour;
      const unusual = isWarm ? Math.abs(sigmas) : 0;
      return verdictOf(refractory.next(unusual), { threshold: THRESHOLD_SIGMAS, expected });
    },
  };
}

/** Follows level and scale of what the season leaves. */
function openTrack(rowsAnHour: number) {
  let seen = 0;
  let level = 0;
  let absolute = 0;
  let meanSize = 0;
  let hasNegative = false;
  const rate = (hours: number): number => 1 / Math.min(seen, Math.max(1, hours * rowsAnHour));
  return {
    seen: () => seen,
    next(value: number, best: number): { sigmas: number; learned: number; expected: number } {
      seen += 1;
      hasNegative ||= value < 0;
      meanSize += (Math.abs(value) - meanSize) * rate(MEAN_HOURS);
      const added = SMALL_SHARE * meanSize + Number.MIN_VALUE;
      const forward = (x: number): number =>
        hasNegative ? x / added : Math.log((Math.max(0, x) + added) / added);
      const back = (y: number): number => (hasNegative ? y * added : Math.exp(y) * added - added);
      const base = forward(best);
      const difference = forward(value) - base - level;
      const sigma = Math.max(MIN_SIGMA, absolute * ABSOLUTE_TO_SIGMA);
      const reach = seen < WARM_UP_HOURS * rowsAnHour ? Number.POSITIVE_INFINITY : CLIP_SIGMAS * sigma;
      const clipped = clamp(difference, -reach, reach);
      const expected = back(base + level);
      const learned = clipped === difference ? value : back(base + level + clipped);
      absolute += (Math.abs(clipped) - absolute) * rate(SCALE_HOURS);
      level += clipped * rate(LEVEL_HOURS);
      return { sigmas: difference / sigma, learned, expected };
    },
  };
}
