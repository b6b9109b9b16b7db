import { dayHitProbability, hitProbability } from "./hit-probability.ts";
import type { IntervalPoint } from "./interval.ts";
import type { Recommendation } from "./recommendation.ts";

export interface BudgetFacts {
  /** Spend of the days (weeks) to come, the first one being today (this week, what is spent of it included). */
  readonly days: readonly IntervalPoint[];
  /** The hard limit of a day (week). */
  readonly budget: number;
  /** The share of it at which the gateway begins to pause users. */
  readonly pauseAt: number;
  readonly per: "day" | "week";
}

export interface BudgetRisk {
  /** Days from today (0 = today) to the first on which the limit is as likely hit as not; null = on none that is looked at. */
  readonly likelyIn: number | null;
  /** Of hitting it on the likeliest day. */
  readonly highestProbability: number;
  /** Of hitting it on any of them. */
  readonly anyProbability: number;
  /** The limit that the busiest day would keep with 97.5 %. */
  readonly safeBudget: number;
}

/** About a month. */
const LOOKED_AT = { day: 30, week: 4 };
/** Less is no reason to speak of it. */
const WORTH_TELLING = 0.1;
/** A budget that is never used to this share protects from nothing. */
const LOOSE_SHARE = 0.25;

/** When the limit is hit, and how likely. */
export function budgetRisk({ days, budget, per }: Omit<BudgetFacts, "pauseAt">): BudgetRisk {
  const near = days.slice(0, LOOKED_AT[per]);
  const likely = near.findIndex(({ point }) => point >= budget);
  return {
    likelyIn: likely === -1 ? null : likely,
    highestProbability: Math.max(0, ...near.map((day) => dayHitProbability(day, budget))),
    anyProbability: hitProbability(near, budget),
    safeBudget: Math.max(0, ...near.map(({ hi95 }) => hi95)),
  };
}

/** Raise the budget, or prepare to spend less, where it will be hit; lower it where it protects from nothing. */
export function recommendBudget(facts: BudgetFacts): Recommendation[] {
  const { budget, pauseAt, per } = facts;
  if (budget <= 0 || facts.days.length === 0) return [];
  const risk = budgetRisk(facts);
  const pauseRisk = budgetRisk({ ...facts, budget: budget * pauseAt });
  const name = per === "day" ? "daily" : "weekly";
  const common = {
    kind: "budget" as const,
    subject: `${name}-budget`,
    savedIn30Days: null,
    evidence: {
      budget,
      safeBudget: Math.ceil(risk.safeBudget),
      likelyIn: risk.likelyIn,
      highestProbability: risk.highestProbability,
      hitProbability: risk.anyProbability,
      pauseProbability: pauseRisk.anyProbability,
    },
  };
  if (pauseRisk.anyProbability >= WORTH_TELLING) {
    const when =
      risk.likelyIn === null
        ? `is reached within a month with a probability of ${percent(risk.anyProbability)}, and ${percent(pauseAt)} of it with ${percent(pauseRisk.anyProbability)}`
        : `will likely be reached ${whenOf(risk.likelyIn, per)}`;
    const advice = `The ${name} budget ${when}: raise it, or move requests to cheaper providers before.`;
    return [{ ...common, advice, confidence: pauseRisk.anyProbability }];
  }
  if (risk.safeBudget >= budget * LOOSE_SHARE) return [];
  const advice = `No ${per} is expected to come near the ${name} budget: a lower one would stop a runaway sooner.`;
  return [{ ...common, advice, confidence: 0.975 }];
}

function whenOf(likelyIn: number, per: BudgetFacts["per"]): string {
  if (likelyIn === 0) return per === "day" ? "today" : "this week";
  return `in ${likelyIn} ${per}${likelyIn === 1 ? "" : "s"}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
