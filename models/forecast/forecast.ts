import type { Backtest } from "./backtest.ts";
import type { ModelWeight } from "./combination.ts";
import type { IntervalPoint } from "./interval.ts";

/** What a reader should know about a forecast. */
export type ForecastNote =
  /** Too little for a backtest: the intervals are a rule of thumb. */
  | "short-history"
  /** One origin of the backtest only. */
  | "one-origin"
  /** A season was given that was not seen twice; it is left out. */
  | "season-not-seen-twice"
  | "gaps-filled"
  | "outliers-tamed"
  /** Always the same value. */
  | "constant"
  /** More than half of the values are zero. */
  | "mostly-zero";

export type Forecast =
  | {
      readonly kind: "forecast";
      /** `combination`, or the single model that was used. */
      readonly model: string;
      /** Of the models that were combined; they sum to 1. */
      readonly weights: readonly ModelWeight[];
      /** One for each step ahead, in the unit of the history. */
      readonly points: readonly IntervalPoint[];
      /** Of the combination, then of each model, the smallest error first. Empty without a backtest. */
      readonly backtests: readonly Backtest[];
      /** actual - forecast of the combination, by past origin and step; empty without a backtest. */
      readonly errors: readonly (readonly number[])[];
      readonly notes: readonly ForecastNote[];
    }
  | { readonly kind: "not-enough-history"; readonly have: number; readonly need: number };
