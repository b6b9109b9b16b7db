import type { ForecastModel } from "./model.ts";
import { at, sequence } from "./sequence.ts";

/**
 * The value one season ago: next Monday is as last Monday. With several seasons the longest one counts; without
 * one, the last value. The bar that every other model has to pass.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.2, "Seasonal naïve method".
 */
export const seasonalNaive: ForecastModel = {
  name: "seasonal-naive",
  forecast: (history, { horizon, periods }) => repeatSeason(history, horizon, periods.at(-1) ?? 1),
};

/** The same with the shortest season: tomorrow at nine is as today at nine, whatever the weekday. */
export const shortSeasonalNaive: ForecastModel = {
  name: "seasonal-naive-short",
  forecast: (history, { horizon, periods }) => repeatSeason(history, horizon, periods[0] ?? 1),
};

function repeatSeason(history: readonly number[], horizon: number, period: number): number[] {
  return sequence(horizon, (step) => at(history, history.length - period + (step % period)));
}
