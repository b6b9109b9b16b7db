import { residualOf } from "../../models/anomaly/residual.ts";
import {
  GRAIN_MS,
  type WatchedMetric,
  type WatchedRow,
  type WatchedSeries,
} from "../../models/anomaly/watch.ts";
import { quantile } from "../../models/forecast/quantile.ts";
import { meanOf } from "../../models/forecast/sequence.ts";
import type { LabelledIncident } from "./simulated-year.ts";

const BASELINE_DAYS = 28;
export const LEAST_ROWS = BASELINE_DAYS / 4;
export const MAD_TO_SIGMA = 1.4826;
const DAYS_A_WEEK = 7;

/** Means of a number of observations: by the usual deviation of one, and what that is at least (logarithms; stars). */
const LEAST_OF_ONE: Readonly<Partial<Record<WatchedMetric, number>>> = {
  latency: 0.1,
  "request-cost": 0.1,
  rating: 0.5,
};
/** Everything deviates by at least that share. */
export const LEAST_SHARE = 0.02;

/**
 * What an incident does to its average hour (or day) of a series, in usual deviations: the difference of the means that
 * it has with the incident and without, over how much the same hours (the days) of the four weeks before differ from
 * each other. An hour in which nothing was observed shows nothing, and counts as 0.
 */
export function trueSigmas(series: WatchedSeries, incident: LabelledIncident): number {
  const rows = rowsDuring(series, incident);
  return rows.length === 0 ? 0 : Math.abs(meanOf(rows.map((row) => sigmasOf(row, series, incident))));
}

export function rowsDuring(
  { grain, rows }: WatchedSeries,
  { fromMs, toMs }: Pick<LabelledIncident, "fromMs" | "toMs">,
): WatchedRow[] {
  return rows.filter(({ timeMs }) => timeMs + GRAIN_MS[grain] > fromMs && timeMs < toMs);
}

/** The same hours (the days) of the four weeks before with something to observe. */
export function rowsBefore({ rows }: WatchedSeries, { timeMs }: WatchedRow): WatchedRow[] {
  return rows.filter((one) => {
    const agoMs = timeMs - one.timeMs;
    return one.weight > 0 && agoMs > 0 && agoMs <= BASELINE_DAYS * GRAIN_MS.day && agoMs % GRAIN_MS.day === 0;
  });
}

/** The usual share, known no better than from so many calls. */
export function usualShare(before: readonly WatchedRow[]): number {
  const weight = before.reduce((sum, one) => sum + one.weight, 0);
  return before.reduce((sum, one) => sum + one.value * one.weight, 0) / weight + 1 / (2 * weight + 1);
}

function sigmasOf(row: WatchedRow, series: WatchedSeries, { relived }: LabelledIncident): number {
  const { metric, grain, part } = series;
  const lived = relived.find(
    (one) => one.metric === metric && one.grain === grain && one.part === part && one.timeMs === row.timeMs,
  );
  const before = rowsBefore(series, row);
  if (lived === undefined || row.weight === 0 || before.length < LEAST_ROWS) return 0;
  if (metric === "error-rate") {
    const usual = usualShare(before);
    const sigmasAt = (value: number): number => residualOf("share", { value, weight: row.weight }, usual);
    return sigmasAt(lived.with) - sigmasAt(lived.without);
  }
  const scaled = scaleOf(metric);
  const leastOfOne = LEAST_OF_ONE[metric];
  const sigma =
    leastOfOne === undefined
      ? Math.max(totalSigma(row, before), metric === "spend" ? LEAST_SHARE : chance(lived.without))
      : Math.max(sigmaOfOne(before, scaled), leastOfOne) / Math.sqrt(row.weight);
  return (scaled(lived.with) - scaled(lived.without)) / sigma;
}

export function scaleOf(metric: WatchedMetric): (value: number) => number {
  return metric === "rating" ? (value) => value : (value) => Math.log(Math.max(1, value));
}

/** The robust deviation of a single observation, out of means of several. */
function sigmaOfOne(before: readonly WatchedRow[], scaled: (value: number) => number): number {
  const middle = quantile(
    before.map(({ value }) => scaled(value)),
    0.5,
  );
  return robustSigma(before.map(({ value, weight }) => (scaled(value) - middle) * Math.sqrt(weight)));
}

/** The robust deviation of logarithms from the mean of their weekday. */
function totalSigma(row: WatchedRow, before: readonly WatchedRow[]): number {
  const weekdayOf = ({ timeMs }: WatchedRow): number =>
    Math.round((row.timeMs - timeMs) / GRAIN_MS.day) % DAYS_A_WEEK;
  const scaled = scaleOf("requests");
  return robustSigma(
    before.map((one) => {
      const same = before.filter((other) => weekdayOf(other) === weekdayOf(one));
      const mean = meanOf(same.map(({ value }) => scaled(value)));
      // What a mean takes up of its own few values is given back.
      return (scaled(one.value) - mean) * Math.sqrt(same.length / Math.max(1, same.length - 1));
    }),
  );
}

function robustSigma(deviations: readonly number[]): number {
  return MAD_TO_SIGMA * quantile(deviations.map(Math.abs), 0.5);
}

/** What chance alone does to a count, of its logarithm. */
function chance(count: number): number {
  return 1 / Math.sqrt(Math.max(1, count));
}
