import {
  type Backtest,
  errorsOf,
  forecastPast,
  gradePast,
  type PastForecast,
  planBacktest,
  WEIGHT_ORIGINS,
} from "./backtest.ts";
import { combine, weighModels } from "./combination.ts";
import type { ForecastModel } from "./model.ts";
import { blendTrend } from "./trend-blend.ts";

export interface Assessment {
  /** One for each model of the pool, in its order. */
  readonly weights: readonly number[];
  /** The combination first, then each model, the smallest error first. */
  readonly backtests: readonly Backtest[];
  /** actual - forecast of the combination, by origin and step. */
  readonly errors: readonly (readonly number[])[];
}

/** Origins that only widen what is known of the errors, with the best models alone, for time. */
const ERROR_ORIGINS = 10;
const ERROR_SPACING = 0.5;
const ERROR_MODELS = 4;

/**
 * How good each model would have been on this very series, and what follows: weights, and the errors of the
 * combination. Its errors at an origin are made with the weights of the other origins, so that they are honest.
 */
export function assess(
  pool: readonly ForecastModel[],
  history: readonly number[],
  { horizon, periods }: { readonly horizon: number; readonly periods: readonly number[] },
): Assessment {
  const plan = planBacktest(history.length, { horizon, periods, count: WEIGHT_ORIGINS, spacing: 1 });
  const pasts = pool.map((model) => forecastPast(model, history, { plan, periods }));
  const weights = weighModels(history, pasts);
  const combined = plan.origins.map((origin, index) => {
    const others = pasts.map((past) => past.filter((_, other) => other !== index));
    const honest = plan.origins.length > 1 ? weighModels(history, others) : weights;
    return {
      origin,
      forecast: blendTrend(history.slice(0, origin), combine(forecastsAt(pasts, index), honest), periods),
    };
  });
  const more = forecastMore(pool, history, { horizon, periods, weights, known: plan.origins });
  const period = periods[0] ?? 1;
  const grade = (name: string, past: readonly PastForecast[]): Backtest =>
    gradePast(name, history, { past, period });
  const single = pool.map(({ name }, index) => grade(name, pasts[index] ?? []));
  return {
    weights,
    backtests: [
      grade("combination", combined),
      ...single.sort((a, b) => a.meanAbsoluteError - b.meanAbsoluteError),
    ],
    errors: [...combined, ...more].map((one) => errorsOf(history, one)),
  };
}

function forecastsAt(pasts: readonly (readonly PastForecast[])[], index: number): (readonly number[])[] {
  return pasts.map((past) => past[index]?.forecast ?? []);
}

interface MoreOptions {
  readonly horizon: number;
  readonly periods: readonly number[];
  readonly weights: readonly number[];
  /** Origins that have been looked at. */
  readonly known: readonly number[];
}

function forecastMore(
  pool: readonly ForecastModel[],
  history: readonly number[],
  { horizon, periods, weights, known }: MoreOptions,
): PastForecast[] {
  const options = { horizon, periods, count: ERROR_ORIGINS, spacing: ERROR_SPACING };
  const { steps, origins } = planBacktest(history.length, options);
  const plan = { steps, origins: origins.filter((origin) => !known.includes(origin)) };
  const best = [...weights.entries()].sort(([, a], [, b]) => b - a).slice(0, ERROR_MODELS);
  const total = best.reduce((sum, [, weight]) => sum + weight, 0);
  const pasts = best.flatMap(([index]) => {
    const model = pool[index];
    return model === undefined ? [] : [forecastPast(model, history, { plan, periods })];
  });
  const share = best.map(([, weight]) => weight / total);
  return plan.origins.map((origin, index) => ({
    origin,
    forecast: blendTrend(history.slice(0, origin), combine(forecastsAt(pasts, index), share), periods),
  }));
}
