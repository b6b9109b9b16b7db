import type { LearningSettings } from "../../domain/learning.ts";
import type { KnownContext } from "./known-contexts.ts";

/** Which part of a context's requests goes elsewhere in order to learn, and what that may cost a day at most (nano-dollars). */
export interface Exploration {
  readonly weights: ReadonlyMap<string, number>;
  readonly share: number;
  readonly dailyCost: number;
}

export interface ExplorationAsk {
  readonly context: KnownContext;
  /** Where nearly all requests go. */
  readonly leader: string | "usual";
  /** How likely each is the best. */
  readonly shares: ReadonlyMap<string, number>;
  /** Nano-dollars a day for this context. */
  readonly budget: number;
}

/** What is best may change: so much is always tried. */
const LEAST_SHARE = 0.02;
/** What each provider counts for beyond its chance, so that none is forgotten. */
const LEAST_CHANCE = 0.05;
/** A day may bring so many times as many requests as the mean one. */
export const DEMAND_MARGIN = 1.25;
const PRECISION = 10_000;

/**
 * As much as it is uncertain that the leader is the best, within the share and the money that exploring may take; to each other
 * provider by how likely it is the best. All that the explored requests cost counts, not only what they cost more.
 */
export function explore(
  { context, leader, shares, budget }: ExplorationAsk,
  { maxExploreShare }: LearningSettings,
): Exploration {
  const { usual, beliefs } = context;
  const isLeading = (provider: string): boolean =>
    leader === "usual" ? provider === usual.peak && provider === usual.offPeak : provider === leader;
  const others = beliefs.filter(({ provider }) => !isLeading(provider));
  const chances = others.map(({ provider }) => shares.get(provider) ?? 0);
  const doubt = chances.reduce((sum, chance) => sum + chance, 0);
  const wanted = Math.min(maxExploreShare, Math.max(LEAST_SHARE, doubt));
  const parts = chances.map((chance) => (chance + LEAST_CHANCE) / (doubt + LEAST_CHANCE * others.length));
  const requests = context.dailyRequests * DEMAND_MARGIN;
  const wantedCost = others.reduce(
    (sum, { cost }, at) => sum + wanted * (parts[at] ?? 0) * cost * requests,
    0,
  );
  const scale = wantedCost === 0 ? 1 : Math.min(1, Math.max(0, budget) / wantedCost);
  const weights = new Map(
    others.flatMap(({ provider }, at) => {
      const weight = roundDown(wanted * scale * (parts[at] ?? 0));
      return weight === 0 ? [] : [[provider, weight] as const];
    }),
  );
  return {
    weights,
    share: [...weights.values()].reduce((sum, weight) => sum + weight, 0),
    dailyCost: others.reduce(
      (sum, { provider, cost }) => sum + (weights.get(provider) ?? 0) * cost * requests,
      0,
    ),
  };
}

/** Down, so that a bound which held still holds. */
export function roundDown(share: number): number {
  return Math.floor(share * PRECISION + 1e-9) / PRECISION;
}
