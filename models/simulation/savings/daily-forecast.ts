import { usdFromNano } from "../../domain/money.ts";
import { forecastSeries } from "../../forecast/forecast-series.ts";
import type { MetricValues } from "../../rules/metrics.ts";
import type { CompleteDay } from "./spend-history.ts";

/** What rules read of the forecasts, as the warehouse's queries work it out of them. */
export type ForecastMetrics = Pick<
  MetricValues,
  "forecast_week_spend" | "forecast_peak_day_spend" | "forecast_usage_ratio" | "forecast_user_growth"
>;

export const NO_FORECAST: ForecastMetrics = {
  forecast_week_spend: null,
  forecast_peak_day_spend: null,
  forecast_usage_ratio: null,
  forecast_user_growth: null,
};

const WEEK = 7;
/** As the job that forecasts: three weeks, or nothing is said. */
const MIN_DAYS = 3 * WEEK;
const HORIZON = 28;

/** Made once a day, of the complete days before. */
export function forecastMetrics(days: readonly CompleteDay[]): ForecastMetrics {
  if (days.length < MIN_DAYS) return NO_FORECAST;
  const spend = pointsOf(days.map((day) => day.spend));
  const requests = pointsOf(days.map((day) => day.requests));
  const users = pointsOf(days.map((day) => day.activeUsers));
  const [week, next] = [users.slice(0, WEEK), users.slice(WEEK, 2 * WEEK)];
  return {
    forecast_week_spend: spend.length === 0 ? null : usdFromNano(Math.round(sum(spend.slice(0, WEEK)))),
    forecast_peak_day_spend:
      spend.length === 0 ? null : usdFromNano(Math.round(Math.max(...spend.slice(0, WEEK)))),
    forecast_usage_ratio: ratio(mean(requests.slice(3 * WEEK)), mean(requests.slice(0, WEEK))),
    forecast_user_growth: growth(ratio(mean(next), mean(week))),
  };
}

function pointsOf(values: readonly number[]): readonly number[] {
  const forecast = forecastSeries(values, HORIZON, { period: WEEK });
  return forecast.kind === "forecast" ? forecast.points.map(({ point }) => point) : [];
}

/** By the day, where a week's is known. */
function growth(weekly: number | null): number | null {
  return weekly === null ? null : Math.max(0, weekly) ** (1 / WEEK) - 1;
}

function ratio(value: number, base: number): number | null {
  return base > 0 ? value / base : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}
