import type { ForecastModel } from "./model.ts";
import { at, meanOf, sumOf } from "./sequence.ts";

export interface Backtest {
  readonly model: string;
  /** How often the model was asked for a forecast of what had happened already. */
  readonly origins: number;
  /** In the unit of the series, over all origins and steps. */
  readonly meanAbsoluteError: number;
  /** Mean absolute scaled error: 1 = as good as repeating the last season one season ahead; null for a series that always repeats itself. */
  readonly mase: number | null;
  /** Sum of absolute errors / sum of absolute actuals; null when nothing but zeros came. */
  readonly wape: number | null;
}

export interface BacktestPlan {
  /** Steps ahead that are tested. */
  readonly steps: number;
  /** How many values were known at each origin, the latest origin first. */
  readonly origins: readonly number[];
}

/** A forecast at one origin: what would have been said then. */
export interface PastForecast {
  readonly origin: number;
  readonly forecast: readonly number[];
}

/** More origins would say more about the past than about today. */
export const WEIGHT_ORIGINS = 3;
/** A test takes at most this share of the history. */
const MAX_STEPS_SHARE = 1 / 4;
const MIN_KNOWN = 4;

export interface PlanOptions {
  readonly horizon: number;
  readonly periods: readonly number[];
  /** Origins at most. */
  readonly count: number;
  /** From one origin to the next, as a share of the steps: 1 = tests do not overlap. */
  readonly spacing: number;
}

/**
 * Rolling origins, as long as each still knows two of the longest season. Empty where the history is too short.
 * Tashman (2000), "Out-of-sample tests of forecasting accuracy: an analysis and review", Int. J. Forecasting 16, p. 439.
 */
export function planBacktest(
  length: number,
  { horizon, periods, count, spacing }: PlanOptions,
): BacktestPlan {
  const steps = Math.max(1, Math.min(horizon, Math.floor(length * MAX_STEPS_SHARE)));
  const gap = Math.max(1, Math.round(steps * spacing));
  const needed = Math.max(2 * (periods.at(-1) ?? 1) + 1, MIN_KNOWN);
  const origins: number[] = [];
  for (let origin = length - steps; origin >= needed && origins.length < count; origin -= gap) {
    origins.push(origin);
  }
  return { steps, origins };
}

/** What a model would have said at each origin; it never sees a value from after the origin. */
export function forecastPast(
  model: ForecastModel,
  history: readonly number[],
  { plan, periods }: { readonly plan: BacktestPlan; readonly periods: readonly number[] },
): PastForecast[] {
  return plan.origins.map((origin) => ({
    origin,
    forecast: model.forecast(history.slice(0, origin), { horizon: plan.steps, periods }),
  }));
}

/** actual - forecast, for each step that has happened. */
export function errorsOf(history: readonly number[], { origin, forecast }: PastForecast): number[] {
  return forecast.map((value, step) => at(history, origin + step) - value);
}

/** Hyndman & Koehler (2006), "Another look at measures of forecast accuracy", Int. J. Forecasting 22, p. 685 (MASE). */
export function gradePast(
  model: string,
  history: readonly number[],
  { past, period }: { readonly past: readonly PastForecast[]; readonly period: number },
): Backtest {
  const errors = past.flatMap((one) => errorsOf(history, one)).map(Math.abs);
  const actuals = sumOf(
    past.flatMap(({ origin, forecast }) => forecast.map((_, step) => Math.abs(at(history, origin + step)))),
  );
  const meanAbsoluteError = meanOf(errors);
  const scale = seasonalScale(history, period);
  return {
    model,
    origins: past.length,
    meanAbsoluteError,
    mase: scale === 0 ? null : meanAbsoluteError / scale,
    wape: actuals === 0 ? null : sumOf(errors) / actuals,
  };
}

/** Mean absolute difference from one season before: the in-sample error of the seasonal naive model. */
export function seasonalScale(history: readonly number[], period: number): number {
  return meanOf(history.slice(period).map((value, index) => Math.abs(value - at(history, index))));
}
