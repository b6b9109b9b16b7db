import type { PastForecast } from "./backtest.ts";
import { errorsOf } from "./backtest.ts";
import { at, meanOf, sequence, sumOf } from "./sequence.ts";

export interface ModelWeight {
  readonly model: string;
  readonly weight: number;
}

/** How strongly the better models are preferred. */
const SHARPNESS = 5;
/** Errors below this share of the typical value are the same as none. */
const NEGLIGIBLE_SHARE = 1e-9;

/**
 * Weights that sum to 1, proportional to 1 / (mean absolute error)^5 over the given origins.
 * After Bates & Granger (1969), "The combination of forecasts", Operational Research Quarterly 20, p. 453, with a
 * sharper power, chosen on past origins of public series (METHOD.md). Without origins, all weigh the same.
 */
export function weighModels(
  history: readonly number[],
  pasts: readonly (readonly PastForecast[])[],
): number[] {
  const errors = pasts.map((past) => meanOf(past.flatMap((one) => errorsOf(history, one)).map(Math.abs)));
  const negligible = NEGLIGIBLE_SHARE * meanOf(history.map(Math.abs)) + Number.MIN_VALUE;
  const best = Math.min(...errors) + negligible;
  const raw = errors.map((error) => (best / (error + negligible)) ** SHARPNESS);
  const total = sumOf(raw);
  return raw.map((weight) => weight / total);
}

/** The weighted mean of forecasts of the same steps. */
export function combine(forecasts: readonly (readonly number[])[], weights: readonly number[]): number[] {
  const steps = forecasts[0]?.length ?? 0;
  return sequence(steps, (step) => {
    let sum = 0;
    for (const [index, forecast] of forecasts.entries()) sum += at(weights, index) * at(forecast, step);
    return sum;
  });
}
