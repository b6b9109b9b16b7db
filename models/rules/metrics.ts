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
  cost_per_request: "USD of a served request, last hour",
  requests_per_minute: "requests in the last 60 seconds",
  users_online: "distinct users in the last 5 minutes",
  cache_hit_rate: "hits / cacheable requests, last hour; unknown under 20 cacheable requests",
  user_satisfaction: "mean rating from 1 to 5, last 7 days; unknown under 5 ratings",
  response_time_ms:
    "95th percentile of the answers' latency in milliseconds, last 5 minutes; unknown under 5 calls",
  error_rate: "failed / served requests, last 5 minutes; unknown under 20 requests",
} as const;

export type RuleMetric = keyof typeof RULE_METRICS;

/** Null = not known now: no traffic, too few values, no forecast yet. A rule that needs it is then not evaluated. */
export type MetricValues = Readonly<Record<RuleMetric, number | null>>;

export function isRuleMetric(name: string): name is RuleMetric {
  return Object.hasOwn(RULE_METRICS, name);
}

export const RULE_METRIC_NAMES: readonly RuleMetric[] = Object.keys(RULE_METRICS).filter(isRuleMetric);
