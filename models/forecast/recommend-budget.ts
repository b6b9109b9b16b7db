import type { IntervalPoint } from "./interval.ts";
import { normalCdf } from "./normal.ts";
import type { Recommendation } from "./recommendation.ts";

export interface BudgetFacts {
  /** Spend of the days to come, the first one being today. */
  readonly days: readonly IntervalPoint[];
  /** The hard limit of a day. */
  readonly dailyBudget: number;
  /** The share of it at which the gateway begins to pause users. */
  readonly pauseAt: number;
}

export interface BudgetRisk {
  /** Days from today (0 = today) to the first on which the limit is as likely hit as not; null = on none that is forecast. */
  readonly likelyInDays: number | null;
  /** Of hitting it on the likeliest day. */
  readonly highestProbability: number;
  /** The limit that the busiest day would keep with 97.5 %. */
  readonly safeBudget: number;
}

const DAYS_LOOKED_AT = 30;
const Z80 = 1.2816;
/** Less is no reason to speak of it. */
const WORTH_TELLING = 0.1;
/** A budget that is never used to this share protects from nothing. */
const LOOSE_SHARE = 0.25;

/** When the daily limit is hit, and how likely. Each day by itself: the chance to hit it on any day is higher. */
export function budgetRisk({ days, dailyBudget }: BudgetFacts): BudgetRisk {
  const near = days.slice(0, DAYS_LOOKED_AT);
  const probabilities = near.map((day) => probabilityAbove(day, dailyBudget));
  const likely = near.findIndex(({ point }) => point >= dailyBudget);
  return {
    likelyInDays: likely === -1 ? null : likely,
    highestProbability: Math.max(0, ...probabilities),
    safeBudget: Math.max(0, ...near.map(({ hi95 }) => hi95)),
  };
}

/** Raise the budget, or prepare to spend less, where it will be hit; lower it where it protects from nothing. */
export function recommendBudget(facts: BudgetFacts): Recommendation[] {
  const { dailyBudget, pauseAt } = facts;
  if (dailyBudget <= 0 || facts.days.length === 0) return [];
  const risk = budgetRisk(facts);
  const pauseRisk = budgetRisk({ ...facts, dailyBudget: dailyBudget * pauseAt });
  const evidence = {
    dailyBudget,
    safeBudget: Math.ceil(risk.safeBudget),
    likelyInDays: risk.likelyInDays,
    highestProbability: risk.highestProbability,
    pauseProbability: pauseRisk.highestProbability,
  };
  const subject = "daily-budget";
  if (pauseRisk.highestProbability >= WORTH_TELLING) {
    const when =
      risk.likelyInDays === null
        ? "may be reached within 30 days"
        : `will likely be reached in ${risk.likelyInDays} days`;
    const advice = `The daily budget ${when}: raise it, or move requests to cheaper providers before.`;
    return [
      {
        kind: "budget",
        subject,
        advice,
        confidence: pauseRisk.highestProbability,
        savedIn30Days: null,
        evidence,
      },
    ];
  }
  if (risk.safeBudget < dailyBudget * LOOSE_SHARE) {
    const advice =
      "No day is expected to come near the daily budget: a lower one would stop a runaway sooner.";
    return [{ kind: "budget", subject, advice, confidence: 0.975, savedIn30Days: null, evidence }];
  }
  return [];
}

function probabilityAbove({ point, hi80 }: IntervalPoint, limit: number): number {
  const sigma = (hi80 - point) / Z80;
  if (sigma <= 0) return point >= limit ? 1 : 0;
  return 1 - normalCdf((limit - point) / sigma);
}
