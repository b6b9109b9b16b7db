import { normalEquations } from "./least-squares.ts";
import type { ForecastModel, ForecastTask } from "./model.ts";
import { believableRange, chooseScale } from "./scale.ts";
import { at, cell, clamp, lastOf, sequence } from "./sequence.ts";

export interface AutoregressionOptions {
  /** What is differenced before: nothing, by one step, or by the longest season. */
  readonly differencing: "none" | "once" | "seasonal";
  /** `short`: 1-3 and p-1, p, p+1, 2p of each season p. `long`: 1-4 and p-2..p+2, 2p-1..2p+1, 3p. */
  readonly lags: "short" | "long";
  /** The weight of a row falls by this factor with each step into the past. */
  readonly decay: number;
  /** Without a constant, an undifferenced series is drawn to its last value and not to its mean. */
  readonly constant: boolean;
}

const RIDGE = 1e-4;
/** Older rows weigh next to nothing (0.999^3000 = 5 %). */
const MAX_ROWS = 3_000;
/** Rows for each coefficient at least; the longest lags are given up until there are enough. */
const MIN_ROWS_PER_LAG = 3;

/**
 * Linear autoregression on logarithms by weighted least squares, iterated for the steps ahead, over a subset of lags.
 * Values are centred on the last one, so that the forecast starts from there whatever the level was before.
 * Box, Jenkins, Reinsel & Ljung, Time Series Analysis (5th ed.), sections 7.1 and 9.2; subset lags as in McLeod &
 * Zhang (2006), "Partial autocorrelation parameterization for subset autoregression", J. Time Series Analysis 27.
 */
export function autoregression(name: string, options: AutoregressionOptions): ForecastModel {
  return { name, forecast: (history, task) => forecastOnScale(history, task, options) };
}

function forecastOnScale(
  history: readonly number[],
  task: ForecastTask,
  options: AutoregressionOptions,
): number[] {
  const scale = chooseScale(history);
  const values = history.map(scale.forward);
  const gap = gapOf(options.differencing, task.periods);
  const path = gap === 0 ? values : values.slice(gap).map((value, index) => value - at(values, index));
  const ahead = iterateRegression(path, task, options);
  const future = gap === 0 ? ahead : integrate(values, ahead, gap);
  const { low, high } = believableRange(values, task);
  return future.map((value) => scale.back(clamp(value, low, high)));
}

function gapOf(differencing: AutoregressionOptions["differencing"], periods: readonly number[]): number {
  if (differencing === "none") return 0;
  return differencing === "once" ? 1 : (periods.at(-1) ?? 1);
}

function integrate(values: readonly number[], changes: readonly number[], gap: number): number[] {
  const whole = values.slice(-gap);
  for (const [step, change] of changes.entries()) whole.push(at(whole, step) + change);
  return whole.slice(gap);
}

/** The next values of a path, each from those before it. */
export function iterateRegression(
  path: readonly number[],
  { horizon, periods }: ForecastTask,
  options: AutoregressionOptions,
): number[] {
  const centre = options.differencing === "none" ? lastOf(path) : 0;
  const lags = usableLags(path.length, periods, options.lags);
  if (lags.length === 0) return sequence(horizon, () => centre);
  const whole = new Float64Array(path.length + horizon);
  for (const [t, value] of path.entries()) whole[t] = value - centre;
  const weights = regress(whole.subarray(0, path.length), lags, options);
  for (let t = path.length; t < whole.length; t++) whole[t] = predictNext(whole, t, { lags, weights });
  return Array.from(whole.subarray(path.length), (value) => value + centre);
}

function usableLags(length: number, periods: readonly number[], kind: "short" | "long"): number[] {
  const wanted =
    kind === "short"
      ? [1, 2, 3, ...periods.flatMap((p) => [p - 1, p, p + 1, 2 * p])]
      : [
          1,
          2,
          3,
          4,
          ...periods.flatMap((p) => [p - 2, p - 1, p, p + 1, p + 2, 2 * p - 1, 2 * p, 2 * p + 1, 3 * p]),
        ];
  const lags = [...new Set(wanted)].filter((lag) => lag > 0).sort((a, b) => a - b);
  while (lags.length > 0 && length - lastOf(lags) < MIN_ROWS_PER_LAG * (lags.length + 1)) lags.pop();
  return lags;
}

/** One coefficient for each lag, then the constant (0 where there is none). */
function regress(
  path: Float64Array,
  lags: readonly number[],
  { decay, constant }: AutoregressionOptions,
): Float64Array {
  const equations = normalEquations(lags.length + 1);
  const row = new Float64Array(lags.length + 1);
  row[lags.length] = constant ? 1 : 0;
  const first = Math.max(lastOf(lags), path.length - MAX_ROWS);
  let weight = decay ** (path.length - first);
  for (let t = first; t < path.length; t++) {
    for (let i = 0; i < lags.length; i++) row[i] = cell(path, t - at(lags, i));
    equations.add(row, cell(path, t), weight);
    weight /= decay;
  }
  return equations.solve(RIDGE);
}

function predictNext(
  whole: Float64Array,
  t: number,
  { lags, weights }: { readonly lags: readonly number[]; readonly weights: Float64Array },
): number {
  let sum = cell(weights, lags.length);
  for (let i = 0; i < lags.length; i++) sum += cell(weights, i) * cell(whole, t - at(lags, i));
  return Number.isFinite(sum) ? sum : 0;
}
