import { MultivariateLinearRegression } from "ml-regression";
import type { ForecastModel } from "./model.ts";
import { believableRange, chooseScale } from "./scale.ts";
import { at, clamp, sequence } from "./sequence.ts";

/** Old values say little about the trend of today. */
const MAX_SEASONS = 8;
const MIN_VALUES = 60;
/** More values than this add nothing but time. */
const MAX_VALUES = 400;
/** A straight line is not believed for longer than this; from there on the trend is flat. */
const MAX_TREND_SEASONS = 2;
/** Waves of each season at most; time grows with the cube of their number. */
const MAX_WAVES = 4;

/**
 * Least squares on a straight line and sine and cosine pairs of each season, on logarithms where possible; what the
 * fit missed over the last season, on average, is added. Solved by `ml-regression`.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 7.4, "Fourier series".
 */
export const harmonicRegression: ForecastModel = {
  name: "harmonic-regression",
  forecast(history, task) {
    const { horizon, periods } = task;
    const longest = periods.at(-1) ?? 1;
    const scale = chooseScale(history);
    const kept = Math.min(MAX_VALUES, Math.max(MAX_SEASONS * longest, MIN_VALUES));
    const values = history.slice(-kept).map(scale.forward);
    const waves = waveLengths(periods);
    const rowAt = (t: number): number[] => [
      Math.min(t, values.length + MAX_TREND_SEASONS * longest) / values.length,
      ...waves.flatMap((wave) => [Math.sin((2 * Math.PI * t) / wave), Math.cos((2 * Math.PI * t) / wave)]),
    ];
    const rows = values.map((_, t) => rowAt(t));
    const fit = new MultivariateLinearRegression(
      rows,
      values.map((value) => [value]),
      { statistics: false },
    );
    const missed = meanMissed(values, rows, fit, Math.min(values.length, longest));
    const { low, high } = believableRange(values, task);
    return sequence(horizon, (step) =>
      scale.back(clamp((fit.predict(rowAt(values.length + step))[0] ?? 0) + missed, low, high)),
    );
  },
};

/** At most as many pairs as a season can tell apart; a wave that two seasons share counts once. */
function waveLengths(periods: readonly number[]): number[] {
  const lengths = periods.flatMap((period) =>
    sequence(Math.min(MAX_WAVES, Math.floor((period - 1) / 2)), (index) => period / (index + 1)),
  );
  return lengths.filter(
    (length, index) => lengths.findIndex((other) => Math.abs(other - length) < 1e-9) === index,
  );
}

function meanMissed(
  values: readonly number[],
  rows: readonly number[][],
  fit: MultivariateLinearRegression,
  count: number,
): number {
  let sum = 0;
  for (let t = values.length - count; t < values.length; t++) {
    sum += at(values, t) - (fit.predict(rows[t] ?? [])[0] ?? 0);
  }
  return sum / count;
}
