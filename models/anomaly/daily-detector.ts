import { quantile } from "../forecast/quantile.ts";
import { chooseScale } from "../forecast/scale.ts";
import { type RecentShift, recentChanges } from "./recent-shift.ts";
import { openRefractory } from "./refractory.ts";
import { type Detector, verdictOf } from "./verdict.ts";
import { weekdayAdjusted } from "./weekday-adjusted.ts";

const DAY_MS = 86_400_000;
const DAYS_A_WEEK = 7;
/** Values that are looked back on: sixteen weeks. */
const MAX_WINDOW = 112;
const MIN_VALUES = 14;
/** The level before is a median of that many values. */
const LEVEL_VALUES = 14;
/** Robust standard deviations. */
const SPIKE_SIGMAS = 4.4;
const SHIFT_SIGMAS = 4.9;
const RUN_SIGMAS = 4.5;
/** A scale from few values is uncertain: so many more deviations / number of values are asked for. */
const FEW_VALUES = 8;
const MAD_TO_SIGMA = 1.4826;
/** Smaller changes than this (a share of the value) are noise, however quiet the series was. */
const MIN_SIGMA = 0.02;
/** What comes down again within so many values of a shift, by no more than this share of it, has been told with it. */
const RETURN_ROWS = 14;
const RETURN_SHARE = 1.5;
const REFRACTORY = { rows: 5, share: 0 };

/**
 * For daily values and coarser ones, of which there are too few to rank: robust z-scores on logarithms from which
 * the weekday is taken out. A spike is one value far from the level; a run is two or three, each less so; a shift is a
 * few values around another level, after which what came before is carried to the new level, so that it is told once,
 * and so is its way back.
 * Hampel's identifier: Davies & Gather (1993), "The identification of multiple outliers", JASA 88, p. 782.
 */
export function openDailyDetector({ intervalMs }: { readonly intervalMs: number }): Detector {
  const period = intervalMs === DAY_MS ? DAYS_A_WEEK : 1;
  const refractory = openRefractory(REFRACTORY);
  const values: number[] = [];
  let lastMs: number | null = null;
  /** A shift that began with an alert has been told. */
  let rowsSinceAlert = Number.POSITIVE_INFINITY;
  const carriedBy = openCarried();
  return {
    next({ timeMs, value }) {
      const missing = lastMs === null ? 0 : Math.round((timeMs - lastMs) / intervalMs) - 1;
      lastMs = timeMs;
      // A day that is not there is as one week before, so that weekdays stay in their places.
      for (let gap = 0; gap < Math.min(missing, MAX_WINDOW); gap++) {
        values.push(values.at(-period) ?? value);
      }
      values.push(value);
      while (values.length > MAX_WINDOW) values.splice(0, period);
      if (values.length < Math.max(MIN_VALUES, 2 * period)) {
        return verdictOf(0, { threshold: 1, expected: null });
      }
      const scale = chooseScale(values.slice(0, -1));
      const scaled = values.map(scale.forward);
      const { adjusted, lastIndex } = weekdayAdjusted(scaled, period);
      const { level, sigma } = usual(adjusted.slice(0, -1), scale.name === "identity");
      const deviation = (adjusted.at(-1) ?? level) - level;
      const { shift, run } = recentChanges(adjusted, sigma);
      rowsSinceAlert += 1;
      carriedBy.next();
      const isTold = ({ rows, change }: RecentShift): boolean =>
        rowsSinceAlert <= rows || carriedBy.isReturn(change);
      const unusual = Math.max(
        carriedBy.isReturn(deviation) ? 0 : Math.abs(deviation) / sigma / SPIKE_SIGMAS,
        isTold(run) ? 0 : run.sigmas / RUN_SIGMAS,
        isTold(shift) ? 0 : shift.sigmas / SHIFT_SIGMAS,
      );
      if (shift.sigmas >= SHIFT_SIGMAS) {
        const carried = scaled.slice(0, -shift.rows).map((before) => scale.back(before + shift.change));
        values.splice(0, carried.length, ...carried);
        carriedBy.carry(shift.change);
      }
      const verdict = verdictOf(refractory.next(unusual), {
        threshold: 1,
        expected: scale.back(level + lastIndex),
      });
      if (verdict.alert) rowsSinceAlert = 0;
      return verdict;
    },
  };
}

/** Remembers the last shift for some values: a campaign of four days ends, and its end is not news. */
function openCarried() {
  let by = 0;
  let rows = 0;
  return {
    next(): void {
      rows += 1;
    },
    carry(change: number): void {
      by = change;
      rows = 0;
    },
    isReturn: (change: number): boolean =>
      rows <= RETURN_ROWS && change / by < 0 && change / by > -RETURN_SHARE,
  };
}

/** The level lately, and how much a single value usually differs from the level before it. */
function usual(known: readonly number[], isPlain: boolean): { level: number; sigma: number } {
  const level = median(known.slice(-LEVEL_VALUES));
  const deviations = known.flatMap((value, t) =>
    t < LEVEL_VALUES / 2 ? [] : [Math.abs(value - median(known.slice(Math.max(0, t - LEVEL_VALUES), t)))],
  );
  const least = isPlain ? Math.max(Math.abs(level) * MIN_SIGMA, Number.EPSILON) : MIN_SIGMA;
  const sigma = median(deviations) * MAD_TO_SIGMA * (1 + FEW_VALUES / known.length);
  return { level, sigma: Math.max(least, sigma) };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
