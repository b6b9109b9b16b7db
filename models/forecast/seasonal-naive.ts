/** A model: what it expects of the next `horizon` values. Pure; the history is at least two periods long. */
export interface ForecastModel {
  readonly name: string;
  forecast(history: readonly number[], horizon: number, period: number): number[];
}

/**
 * The value one season ago: next Monday is as last Monday. The bar that every other model has to pass.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.2, "Seasonal naïve method".
 */
export const seasonalNaive: ForecastModel = {
  name: "seasonal-naive",
  forecast(history, horizon, period) {
    const season = history.slice(-period);
    return Array.from({ length: horizon }, (_, step) => season[step % period] ?? 0);
  },
};
