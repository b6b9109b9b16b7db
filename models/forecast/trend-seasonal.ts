import { MultivariateLinearRegression } from "ml-regression";
import type { ForecastModel } from "./seasonal-naive.ts";

/** Old values say little about the trend of today. */
const MAX_SEASONS = 8;
/** A straight line is not believed for longer than this; from there on the trend is flat. */
const MAX_TREND_SEASONS = 4;

/**
 * Least squares on a straight line and one level for each place in the season (for daily values, each weekday):
 * y(t) = a + b·t + s(t mod period). Fitted on the last eight seasons, the trend continued for four.
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 7.4, "trend" and
 * "seasonal dummy variables"; solved by `ml-regression`.
 */
export const trendSeasonal: ForecastModel = {
  name: "trend-seasonal",
  forecast(history, horizon, period) {
    const recent = history.slice(-MAX_SEASONS * period);
    const fit = new MultivariateLinearRegression(
      recent.map((_, t) => features(t, t, period)),
      recent.map((value) => [value]),
      { statistics: false },
    );
    const lastTrendStep = MAX_TREND_SEASONS * period;
    return Array.from({ length: horizon }, (_, step) => {
      const trendAt = recent.length + Math.min(step, lastTrendStep);
      return fit.predict(features(trendAt, recent.length + step, period))[0] ?? 0;
    });
  },
};

/** The last place in the season is the base, so that the columns are independent. */
function features(trendAt: number, seasonAt: number, period: number): number[] {
  const places = Array.from({ length: period - 1 }, (_, place) => (seasonAt % period === place ? 1 : 0));
  return [trendAt / period, ...places];
}
