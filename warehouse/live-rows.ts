import { SettingsMap } from "@clickhouse/client";

/** The hour of the last simulated request is over. */
const AFTER_SIMULATION = "(SELECT max(hour) + INTERVAL 1 HOUR FROM simulated_hours)";
const DAY_WITHOUT_SIMULATION = "day NOT IN (SELECT day FROM simulated_days)";

/**
 * Which rows of each table come of real requests alone. Tables that sum up without a source count where nothing was simulated; what
 * was concluded from requests counts when it was concluded after the last simulated one. Tables that hold neither are not named.
 */
export const LIVE_ROWS: Readonly<Record<string, string>> = {
  request_events: "source = 'live'",
  feedback_events: "source = 'live'",
  user_events: "NOT startsWith(log_partition, 'simulated-')",
  rollup_requests_hourly: "source = 'live'",
  rollup_subscriptions_daily: "source = 'live'",
  spend_quarter_hours: "toStartOfHour(start) NOT IN (SELECT hour FROM simulated_hours)",
  rollup_latency_daily: DAY_WITHOUT_SIMULATION,
  rollup_calls_daily: DAY_WITHOUT_SIMULATION,
  rollup_quality_daily: DAY_WITHOUT_SIMULATION,
  rollup_minutes_daily: DAY_WITHOUT_SIMULATION,
  rollup_users_daily: DAY_WITHOUT_SIMULATION,
  rollup_audience_daily: DAY_WITHOUT_SIMULATION,
  rollup_partitions_daily: DAY_WITHOUT_SIMULATION,
  rollup_ratings_daily: DAY_WITHOUT_SIMULATION,
  // It looks 60 days back.
  rollup_activity_daily: "day NOT IN (SELECT day + arrayJoin(range(60)) FROM simulated_days)",
  rollup_cohorts_weekly: "day NOT IN (SELECT toMonday(day) FROM simulated_days)",
  forecasts: `made_at > ${AFTER_SIMULATION}`,
  anomalies: `found_at > ${AFTER_SIMULATION}`,
};

/** ClickHouse lets a query see no other rows of these tables, also where it reads them through views. */
export const LIVE_ONLY = {
  additional_table_filters: SettingsMap.from(
    Object.fromEntries(
      Object.entries(LIVE_ROWS).map(([table, condition]) => [table, condition.replaceAll("'", "\\'")]),
    ),
  ),
};
