/** A rollup: which days of it are due, and the statements that make some days anew. */
export interface Rollup {
  readonly name: RollupName;
  /** Finds days as `{ day, input }`, the newest first. */
  readonly due: string;
  /** Each makes all rows of the days from `from_day` to `to_day` under one version. */
  readonly statements: readonly string[];
  /** Days between two periods: 7 where a period is a week, named by its Monday. */
  readonly stepDays: 1 | 7;
  /** Days that one statement may make at once: what bounds its memory. */
  readonly maxDaysAtOnce: number;
}

export const ROLLUP_NAMES = ["requests", "ratings", "activity", "cohorts", "subscriptions"] as const;
export type RollupName = (typeof ROLLUP_NAMES)[number];

/** In the order in which they are built: later ones read earlier ones. */
export const ROLLUPS: readonly Rollup[] = [
  {
    name: "requests",
    due: "due_requests",
    statements: [
      "requests_hourly",
      "latency_daily",
      "calls_daily",
      "quality_daily",
      "minutes_daily",
      "users_daily",
      "audience_daily",
      "partitions_daily",
    ],
    stepDays: 1,
    maxDaysAtOnce: 31,
  },
  { name: "ratings", due: "due_ratings", statements: ["ratings_daily"], stepDays: 1, maxDaysAtOnce: 31 },
  {
    name: "subscriptions",
    due: "due_subscriptions",
    statements: ["subscriptions_daily"],
    stepDays: 1,
    maxDaysAtOnce: 1,
  },
  { name: "activity", due: "due_activity", statements: ["activity_daily"], stepDays: 1, maxDaysAtOnce: 120 },
  { name: "cohorts", due: "due_cohorts", statements: ["cohorts_weekly"], stepDays: 7, maxDaysAtOnce: 210 },
];

/** The tables that hold rows by (day, version), and the rollup whose builds say which version holds. */
export const ROLLUP_TABLES: Readonly<Record<string, RollupName>> = {
  rollup_requests_hourly: "requests",
  rollup_latency_daily: "requests",
  rollup_calls_daily: "requests",
  rollup_quality_daily: "requests",
  rollup_minutes_daily: "requests",
  rollup_users_daily: "requests",
  rollup_audience_daily: "requests",
  rollup_partitions_daily: "requests",
  rollup_ratings_daily: "ratings",
  rollup_activity_daily: "activity",
  rollup_cohorts_weekly: "cohorts",
  rollup_subscriptions_daily: "subscriptions",
};
