import type { PairedChanges } from "../simulation/counterfactual.ts";
import type { PairedChange } from "../simulation/paired-change.ts";
import type { PredictedEffect } from "./effect.ts";
import { MIN_SAMPLE, Z } from "./estimate.ts";
import { isRuleMetric, type RuleMetric } from "./metrics.ts";

/** What a rule wants to change, each named as the replay's change of it. */
type Goal = keyof PairedChanges;

/** The goal of a rule follows from what its condition asks about; the others are limits, or nothing that a replay foresees. */
const GOAL_OF: Readonly<Partial<Record<RuleMetric, Goal>>> = {
  daily_spend: "cost",
  hourly_spend: "cost",
  projected_daily_spend: "cost",
  forecast_week_spend: "cost",
  forecast_peak_day_spend: "cost",
  cost_per_request: "cost",
  budget_pace: "cost",
  anomaly_spend: "cost",
  response_time_ms: "latencyMs",
  anomaly_latency: "latencyMs",
  user_satisfaction: "rating",
  paying_denied_share: "payingDenied",
};

interface GoalFacts {
  /** +1: more is better. */
  readonly better: 1 | -1;
  readonly minPairs: number;
  readonly words: string;
}

const GOALS: Readonly<Record<Goal, GoalFacts>> = {
  cost: { better: -1, minPairs: MIN_SAMPLE.mean, words: "cost of a request" },
  latencyMs: { better: -1, minPairs: MIN_SAMPLE.mean, words: "latency of an answer" },
  rating: { better: 1, minPairs: MIN_SAMPLE.mean, words: "rating of an answer" },
  payingDenied: { better: -1, minPairs: MIN_SAMPLE.share, words: "share of paying requests refused" },
};

/** `unknown`: the rule has no such goal, or the replay says nothing of it. */
export interface ExpectedGain {
  readonly kind: "gain" | "no-gain" | "unknown";
  readonly detail: string;
}

/**
 * Whether the replay expects a rule to help with what its condition asks about. One goal of several is enough, since a condition may
 * name what it wants changed beside what allows it. A goal of which the replay says too little counts for the rule: it is tried, and
 * verified.
 */
export function judgeExpectedGain(
  inputs: Readonly<Record<string, unknown>>,
  { paired }: Pick<PredictedEffect, "paired">,
): ExpectedGain {
  const goals = new Set(
    Object.keys(inputs)
      .filter(isRuleMetric)
      .flatMap((metric) => GOAL_OF[metric] ?? []),
  );
  if (goals.size === 0)
    return { kind: "unknown", detail: "its condition has no goal that a preview foresees" };
  const found = [...goals].map((goal) => judgeGoal(GOALS[goal], paired?.[goal] ?? null));
  const best = ["gain", "unknown", "no-gain"].flatMap((kind) => found.filter((one) => one.kind === kind));
  return best[0] ?? { kind: "unknown", detail: "" };
}

function judgeGoal({ better, minPairs, words }: GoalFacts, change: PairedChange | null): ExpectedGain {
  if (change === null || change.pairs < minPairs) {
    return { kind: "unknown", detail: `the preview has under ${minPairs} requests to tell the ${words}` };
  }
  const { mean, error, pairs } = change;
  const [shown, width] = [mean, Z * error].map((value) => value.toPrecision(3));
  const measured = `${words} ${shown} ± ${width} over ${pairs} requests`;
  return mean * better > Z * error
    ? { kind: "gain", detail: measured }
    : { kind: "no-gain", detail: `preview shows no gain: ${measured}` };
}
