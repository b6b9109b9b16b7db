import type { Estimate } from "./estimate.ts";

/**
 * The metrics that a rule's condition may name, and what each of them is. Money in dollars, shares from 0 to 1.
 * Each is defined once, in the warehouse's `bi_*` views or in the catalog; a condition sees them as doubles.
 */
export const RULE_METRICS = {
  daily_spend: "USD spent today (calendar day of the catalog's time zone)",
  hourly_spend: "USD spent in the current clock hour",
  projected_daily_spend: "USD that today will have cost when it is over",
  target_spend: "USD a day that the catalog aims at (`automation.targetDailySpend`)",
  daily_budget: "USD a day, the hard limit of the safeguards",
  weekly_budget: "USD a week, the hard limit of the safeguards",
  forecast_week_spend: "USD that the next seven days will cost, by the latest forecast",
  cost_per_request: "USD of an answered request, last hour; unknown under 30 answers",
  requests_per_minute: "requests in the last 60 seconds",
  users_online: "distinct users in the last 5 minutes",
  cache_hit_rate: "hits / cacheable requests, last hour; unknown under 50 cacheable requests",
  user_satisfaction: "mean rating from 1 to 5, each user counted once, last 7 days; unknown under 10 users",
  response_time_ms:
    "95th percentile of the answers' latency in milliseconds, last 5 minutes; unknown under 100 calls",
  error_rate: "failed / served requests, last 5 minutes; unknown under 50 requests",
  user_growth: "users who came today / users before; unknown under 50 users",
  usage_ratio:
    "requests of the last hour / their median at that hour on the days before; unknown under 50 requests or 3 such days",
  budget_pace:
    "what the target leaves for today / what the rest of today will cost by the forecast: below 1, it does not last until " +
    "midnight; unknown without a forecast of the rest",
  forecast_peak_day_spend: "USD of the dearest of the next seven days, by the latest forecast",
  forecast_usage_ratio: "requests a day in four weeks / in the next seven days, by the latest forecast",
  forecast_user_growth:
    "by how much the active users grow a day over the next two weeks, by the latest forecast; 0.2 = 20 %",
  paying_denied_share:
    "of the requests of tiers that pay, those that their own plan's requests a day refused, last 24 hours; " +
    "unknown under 50 requests",
  anomaly_spend:
    "how unusual the spend or the cost of a request is, of complete hours and days: 0 = nothing goes on, else 0.5 to 1; " +
    "unknown for hours that nobody has looked at",
  anomaly_requests: "the same of the number of requests",
  anomaly_error_rate: "the same of the error rate, in total or at a provider",
  anomaly_latency: "the same of the latency, in total or at a provider",
} as const;

export type RuleMetric = keyof typeof RULE_METRICS;

/** Null = not known now: no traffic, too few values, no forecast yet. A rule that needs it is then not evaluated. */
export type MetricValues = Readonly<Record<RuleMetric, number | null>>;

/** How sure a metric is, of those that are taken from a sample; null: the sample is too small. */
export type MetricEstimates = Readonly<Partial<Record<RuleMetric, Estimate | null>>>;

/** The metrics of one moment. */
export interface MetricReadings {
  readonly values: MetricValues;
  readonly estimates: MetricEstimates;
}

export function isRuleMetric(name: string): name is RuleMetric {
  return Object.hasOwn(RULE_METRICS, name);
}

export const RULE_METRIC_NAMES: readonly RuleMetric[] = Object.keys(RULE_METRICS).filter(isRuleMetric);
