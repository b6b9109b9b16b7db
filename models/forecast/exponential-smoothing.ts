import { cell, sequence } from "./sequence.ts";

/** Level, trend and damping after the last value; `errorSum` is the sum of squared one-step errors. */
export interface Smoothed {
  readonly level: number;
  readonly trend: number;
  readonly damping: number;
  readonly errorSum: number;
}

const ALPHAS = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];
const BETA_SHARES = [0.02, 0.1, 0.25];
const DAMPINGS = [0.85, 0.92, 0.98];
/** The start is the mean of that many values at most. */
const START_VALUES = 8;
/** What is older has no weight at the end. */
const MAX_VALUES = 2_000;

/**
 * Simple exponential smoothing, its weight chosen by the smallest squared error one step ahead.
 * Gardner (2006), "Exponential smoothing: the state of the art, part II", Int. J. Forecasting 22, p. 640 (N-N).
 */
export function smoothLevel(values: readonly number[]): Smoothed {
  const recent = Float64Array.from(values.slice(-MAX_VALUES));
  return best(ALPHAS.map((alpha) => smooth(recent, { alpha, beta: 0, damping: 1 })));
}

/**
 * Additive damped trend, its three parameters chosen from a grid by the smallest squared error one step ahead.
 * Gardner & McKenzie (1985), "Forecasting trends in time series", Management Science 31, equations 2-4.
 */
export function smoothDampedTrend(values: readonly number[]): Smoothed {
  const recent = Float64Array.from(values.slice(-MAX_VALUES));
  const level = smoothLevel(values);
  const candidates = DAMPINGS.flatMap((damping) =>
    BETA_SHARES.flatMap((beta) =>
      ALPHAS.filter((_, index) => index % 2 === 0).map((alpha) => smooth(recent, { alpha, beta, damping })),
    ),
  );
  return best([level, ...candidates]);
}

/** Level and damped trend carried on; without a trend, the level. */
export function continueSmoothed({ level, trend, damping }: Smoothed, horizon: number): number[] {
  let value = level;
  let slope = trend;
  return sequence(horizon, () => {
    slope *= damping;
    value += slope;
    return value;
  });
}

interface Weights {
  readonly alpha: number;
  /** Of the trend, as a share of alpha. */
  readonly beta: number;
  readonly damping: number;
}

function smooth(values: Float64Array, { alpha, beta, damping }: Weights): Smoothed {
  let level = startOf(values);
  let trend = 0;
  let errorSum = 0;
  for (let t = 0; t < values.length; t++) {
    const expected = level + damping * trend;
    const error = cell(values, t) - expected;
    errorSum += error * error;
    level = expected + alpha * error;
    trend = damping * trend + alpha * beta * error;
  }
  return { level, trend, damping, errorSum };
}

function startOf(values: Float64Array): number {
  const count = Math.min(START_VALUES, values.length);
  let sum = 0;
  for (let t = 0; t < count; t++) sum += cell(values, t);
  return sum / count;
}

function best(candidates: readonly Smoothed[]): Smoothed {
  return candidates.reduce((least, one) => (one.errorSum < least.errorSum ? one : least));
}
