import { type AutoregressionOptions, autoregression, iterateRegression } from "./autoregression.ts";
import { continueSmoothed, smoothDampedTrend } from "./exponential-smoothing.ts";
import { harmonicRegression } from "./harmonic-regression.ts";
import type { ForecastModel } from "./model.ts";
import { seasonalIndex } from "./seasonal-index.ts";
import { seasonalMedian } from "./seasonal-median.ts";
import { seasonalNaive, shortSeasonalNaive } from "./seasonal-naive.ts";
import { continueTheta } from "./theta.ts";

const REGRESSION: AutoregressionOptions = {
  differencing: "none",
  lags: "short",
  decay: 0.999,
  constant: true,
};

/**
 * The models that are combined, each wrong in another way. None was the best on every public set; chosen by leaving
 * each one out in turn on past origins (METHOD.md).
 */
export const POOL: readonly ForecastModel[] = [
  seasonalNaive,
  shortSeasonalNaive,
  seasonalMedian("seasonal-median-3", { seasons: 3, neighbours: 1 }),
  seasonalMedian("seasonal-median-5", { seasons: 5, neighbours: 0 }),
  seasonalMedian("seasonal-median-9", { seasons: 9, neighbours: 0 }),
  seasonalIndex("theta", {
    scale: "plain",
    seasons: "first",
    decay: 1,
    carryOn: (adjusted, { horizon }) => continueTheta(adjusted, horizon),
  }),
  seasonalIndex("damped-trend", {
    scale: "log",
    seasons: "all",
    decay: 1,
    carryOn: (adjusted, { horizon }) => continueSmoothed(smoothDampedTrend(adjusted), horizon),
  }),
  seasonalIndex("index-theta", {
    scale: "log",
    seasons: "all",
    decay: 0.7,
    carryOn: (adjusted, { horizon }) => continueTheta(adjusted, horizon),
  }),
  seasonalIndex("index-autoregression", {
    scale: "log",
    seasons: "all",
    decay: 0.9,
    carryOn: (adjusted, task) => iterateRegression(adjusted, task, REGRESSION),
  }),
  autoregression("autoregression", { ...REGRESSION, decay: 0.995 }),
  autoregression("autoregression-long", { ...REGRESSION, lags: "long" }),
  autoregression("autoregression-anchored", { ...REGRESSION, constant: false }),
  autoregression("autoregression-once", { ...REGRESSION, differencing: "once" }),
  autoregression("autoregression-seasonal", { ...REGRESSION, differencing: "seasonal" }),
  harmonicRegression,
];
