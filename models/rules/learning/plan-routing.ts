import type { DirectiveInstruction } from "../../domain/directive.ts";
import type { LearningSettings } from "../../domain/learning.ts";
import { usdFromNano } from "../../domain/money.ts";
import type { Random } from "../../simulation/random.ts";
import { type Exploration, explore, roundDown } from "./exploration.ts";
import { contextKey, type KnownContext, knownContexts, type LearnedFrom } from "./known-contexts.ts";
import { comparePolicies, type PolicyComparison, type RoutingPolicy } from "./off-policy.ts";
import type { RoutingContext } from "./routing-cell.ts";
import { thompsonShares } from "./thompson.ts";

export type WeightsInstruction = Extract<DirectiveInstruction, { kind: "weights" }>;

export interface LearningRound extends LearnedFrom {
  /** Nano-dollars that explored requests have cost today. */
  readonly exploredToday: number;
  /** Of the day: what is left of it, from 0 to 1. */
  readonly restOfDay: number;
  /** Providers that lead by directives in force, by {@link contextKey}. */
  readonly leading: ReadonlyMap<string, string>;
  readonly random: Random;
}

/** What the weights of a tier and feature should be, and why. */
export interface RoutingProposal extends RoutingContext {
  /** `explore`: nearly all go where they always go. `lead`: nearly all go to the leader, because it is certainly better. */
  readonly stage: "explore" | "lead";
  /** Who is most likely the best. */
  readonly leader: string;
  readonly instruction: WeightsInstruction;
  readonly dailyRequests: number;
  readonly exploration: Exploration;
  /** Of the leader's routing with the usual one, by requests that were routed by chance; null: the usual one leads, or too few. */
  readonly comparison: PolicyComparison | null;
  /** Whether it took the tier's features together to be certain. */
  readonly byTier: boolean;
}

/**
 * One round of the learned routing, the busiest context first. Thompson sampling says which provider is likely the best and how much
 * is worth trying; requests go there for good only where requests that were routed by chance show, with the certainty that is asked
 * for, that it gains: those of the feature, or of all features of the tier where the feature alone does not say the contrary. What
 * leads already goes on leading until the estimate falls below 0 or another one is likelier to be the best: its bound gets wide as
 * few requests are left to the usual one.
 */
export function planRouting(round: LearningRound): RoutingProposal[] {
  const contexts = knownContexts(round);
  const budget = budgetPerRequest(contexts, round);
  const candidates = contexts.map((context) => candidateOf(context, budget * context.dailyRequests, round));
  return candidates.flatMap((candidate) => {
    const proposal = proposalOf(candidate, candidates, round);
    return proposal === null ? [] : [proposal];
  });
}

/** Of today's budget what is left, as if all of the day were as what is left of it; and never more than a day's. */
function budgetPerRequest(
  contexts: readonly KnownContext[],
  { settings, exploredToday, restOfDay }: LearningRound,
): number {
  const requests = contexts.reduce((sum, { dailyRequests }) => sum + dailyRequests, 0);
  const whole = settings.explorationDailyBudget;
  const left = Math.max(0, whole - exploredToday) / Math.max(restOfDay, 1 / 24);
  return requests === 0 ? 0 : Math.min(whole, left) / requests;
}

interface Candidate {
  readonly context: KnownContext;
  readonly leader: string;
  /** The leader is not where all requests go anyway. */
  readonly challenges: boolean;
  readonly exploring: Exploration;
  readonly leading: Exploration;
}

function candidateOf(context: KnownContext, budget: number, { settings, random }: LearningRound): Candidate {
  const shares = thompsonShares(context.beliefs, random);
  const leader = [...shares].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
  const { peak, offPeak } = context.usual;
  return {
    context,
    leader,
    challenges: leader !== peak || leader !== offPeak,
    exploring: explore({ context, leader: "usual", shares, budget }, settings),
    leading: explore({ context, leader, shares, budget }, settings),
  };
}

function proposalOf(
  candidate: Candidate,
  all: readonly Candidate[],
  round: LearningRound,
): RoutingProposal | null {
  const { context, leader, challenges } = candidate;
  const proposal = (stage: "explore" | "lead", exploration: Exploration): RoutingProposal => ({
    tier: context.tier,
    feature: context.feature,
    stage,
    leader,
    instruction: instructionOf(context, stage === "lead" ? leader : null, {
      exploration,
      settings: round.settings,
    }),
    dailyRequests: context.dailyRequests,
    exploration,
    comparison,
    byTier: false,
  });
  const comparison = challenges ? compare([candidate], round) : null;
  if (challenges && (comparison === null || comparison.estimate > 0)) {
    const isLeading = round.leading.get(contextKey(context)) === leader;
    if (isLeading || isCertain(comparison, round)) return proposal("lead", candidate.leading);
    const ofTier = compareTier(candidate, all, round);
    if (isCertain(ofTier, round))
      return { ...proposal("lead", candidate.leading), comparison: ofTier, byTier: true };
  }
  return candidate.exploring.share === 0 ? null : proposal("explore", candidate.exploring);
}

function isCertain(comparison: PolicyComparison | null, { settings }: LearningRound): boolean {
  return comparison !== null && comparison.estimate > settings.certainty * comparison.error;
}

/** The same leader for all features of the tier that it challenges: ratings are few. */
function compareTier(
  { context, leader }: Candidate,
  all: readonly Candidate[],
  round: LearningRound,
): PolicyComparison | null {
  const alike = all.filter(
    (other) => other.challenges && other.leader === leader && other.context.tier === context.tier,
  );
  return alike.length < 2 ? null : compare(alike, round);
}

function compare(candidates: readonly Candidate[], { settings }: LearningRound): PolicyComparison | null {
  const byContext = new Map(candidates.map((candidate) => [contextKey(candidate.context), candidate]));
  const proposed: RoutingPolicy = (cell) => {
    const candidate = byContext.get(contextKey(cell));
    return candidate === undefined ? 0 : leadingChance(candidate, cell);
  };
  const present: RoutingPolicy = (cell) => {
    const usual = byContext.get(contextKey(cell))?.context.usual;
    return usual !== undefined && usualAt(usual, cell.peak) === cell.provider ? 1 : 0;
  };
  const cells = candidates.flatMap(({ context }) => context.cells);
  return comparePolicies(cells, { proposed, present }, settings.objective.satisfaction);
}

function leadingChance({ leader, leading }: Candidate, { provider }: { readonly provider: string }): number {
  return provider === leader ? 1 - leading.share : (leading.weights.get(provider) ?? 0);
}

function usualAt({ peak, offPeak }: KnownContext["usual"], isPeak: boolean): string {
  return isPeak ? peak : offPeak;
}

function instructionOf(
  { tier, feature }: RoutingContext,
  leader: string | null,
  {
    exploration: { weights, share },
    settings,
  }: { readonly exploration: Exploration; readonly settings: LearningSettings },
): WeightsInstruction {
  const led = leader === null ? [] : [[leader, roundDown(1 - share)] as const];
  const all = Object.fromEntries([...led, ...weights]);
  // Demand may come to more than was planned for: the gateways keep the bound of the day, of all such directives together.
  const explorationDailyUsd = usdFromNano(settings.explorationDailyBudget);
  return {
    kind: "weights",
    params: { tier, feature, weights: all, remainder: "order", explorationDailyUsd },
  };
}
