import { assess } from "./assess.ts";
import { cleanHistory } from "./clean-history.ts";
import { combine } from "./combination.ts";
import type { Forecast, ForecastNote } from "./forecast.ts";
import { marginsFrom, withMargins } from "./interval.ts";
import type { ForecastModel } from "./model.ts";
import { POOL } from "./pool.ts";
import { shortForecast } from "./short-history.ts";
import { blendTrend } from "./trend-blend.ts";

export interface ForecastOptions {
  /** Values in one season; 7 for daily values with a weekday pattern; 1 = no season. */
  readonly period: number;
  /** Of longer seasons as well, such as 168 beside 24. */
  readonly morePeriods?: readonly number[];
  /** The models to combine; by default all of the pool. */
  readonly models?: readonly ForecastModel[];
  /** Nothing below zero is forecast, as for spend and counts. Default: as the history. */
  readonly nonNegative?: boolean;
  /** Known values below which nothing is said. Default: three of the given season. */
  readonly minHistory?: number;
}

export const MAX_HORIZON = 10_000;
export const MAX_HISTORY = 1_000_000;
/** Two seasons to fit on and one to be tested on. */
const MIN_SEASONS = 3;
/** What is older is left out. */
const MAX_USED = 5_000;

/**
 * What comes after a series of equally spaced values, oldest first, only complete periods; NaN = not known.
 * Each model of the pool is tested on this very series, and those that were good are combined (see METHOD.md).
 * Deterministic. Throws RangeError for values that are no numbers and for horizons and periods out of bounds.
 */
export function forecastSeries(
  history: readonly number[],
  horizon: number,
  options: ForecastOptions,
): Forecast {
  const wanted = [...new Set([options.period, ...(options.morePeriods ?? [])])].sort((a, b) => a - b);
  assertUsable(history, horizon, wanted);
  const have = history.filter(Number.isFinite).length;
  const need = Math.max(1, options.minHistory ?? MIN_SEASONS * options.period);
  if (have < need) return { kind: "not-enough-history", have, need };
  const used = trimGaps(history).slice(-MAX_USED);
  const periods = wanted.filter((period) => period > 1 && used.length > 2 * period);
  const { values, filled, tamed } = cleanHistory(used, periods[0] ?? 1);
  const nonNegative = options.nonNegative ?? values.every((value) => value >= 0);
  const notes = notesOn(values, {
    "season-not-seen-twice": periods.length < wanted.filter((period) => period > 1).length,
    "gaps-filled": filled > 0,
    "outliers-tamed": tamed > 0,
  });
  const floor = nonNegative ? 0 : -Number.MAX_VALUE;
  const pool = options.models ?? POOL;
  const assessment = assess(pool, values, { horizon, periods });
  if (assessment.errors.length === 0) return shortForecast(values, horizon, { periods, floor, notes });
  const active = pool.flatMap((model, index) => {
    const weight = assessment.weights[index] ?? 0;
    return weight < MIN_WEIGHT ? [] : [{ model, weight }];
  });
  const total = active.reduce((sum, { weight }) => sum + weight, 0);
  const weights = active.map(({ weight }) => weight / total);
  const combined = combine(
    active.map(({ model }) => model.forecast(values, { horizon, periods })),
    weights,
  );
  const points = blendTrend(values, combined, periods);
  return {
    kind: "forecast",
    model: active.length === 1 ? (active[0]?.model.name ?? "combination") : "combination",
    weights: active.map(({ model }, index) => ({ model: model.name, weight: weights[index] ?? 0 })),
    points: withMargins(points, marginsFrom(assessment.errors, horizon), floor),
    backtests: assessment.backtests,
    errors: assessment.errors,
    notes: assessment.errors.length === 1 ? [...notes, "one-origin"] : notes,
  };
}

/** A model under this weight is not worth its time. */
const MIN_WEIGHT = 0.002;

/** Nothing is known before the first known value, and nothing is to be filled in after the last one. */
function trimGaps(history: readonly number[]): number[] {
  const first = history.findIndex(Number.isFinite);
  const last = history.findLastIndex(Number.isFinite);
  return history.slice(first, last + 1);
}

function notesOn(
  values: readonly number[],
  found: Readonly<Record<"season-not-seen-twice" | "gaps-filled" | "outliers-tamed", boolean>>,
): ForecastNote[] {
  const zeros = values.filter((value) => value === 0).length;
  const all = {
    ...found,
    constant: values.every((value) => value === values[0]),
    "mostly-zero": zeros > values.length / 2,
  };
  const order = [
    "season-not-seen-twice",
    "gaps-filled",
    "outliers-tamed",
    "constant",
    "mostly-zero",
  ] as const;
  return order.filter((note) => all[note]);
}

function assertUsable(history: readonly number[], horizon: number, periods: readonly number[]): void {
  if (history.some((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)) {
    throw new RangeError("a history holds finite numbers, and NaN where nothing is known");
  }
  if (history.length > MAX_HISTORY) throw new RangeError(`a history has at most ${MAX_HISTORY} values`);
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > MAX_HORIZON) {
    throw new RangeError(`a horizon is a whole number from 1 to ${MAX_HORIZON}`);
  }
  if (!periods.every((period) => Number.isInteger(period) && period >= 1)) {
    throw new RangeError("a period is a whole number from 1 on");
  }
}
