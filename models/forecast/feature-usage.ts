import type { Catalog, Provider } from "../domain/catalog.ts";
import { costOf, priceAt, type TokenUsage } from "../domain/price.ts";
import type { FeatureUsage } from "./recommend-provider.ts";

/** Answered calls of one feature, tier and provider together. */
export interface CallSums {
  /** Empty: none. */
  readonly feature: string;
  readonly tier: string;
  readonly provider: string;
  readonly calls: number;
  /** Nano-dollars. */
  readonly cost: number;
  /** Tokens. */
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
}

/** With what the same calls would have cost at the tier's other providers, by the prices of now. Null: there is no such tier. */
export function featureUsage(sums: CallSums, catalog: Catalog, nowMs: number): FeatureUsage | null {
  const tier = catalog.tiers.get(sums.tier);
  if (tier === undefined) return null;
  const others = tier.allowedProviders.flatMap((name): [string, number][] => {
    const provider = catalog.providers.get(name);
    const cost = provider === undefined || name === sums.provider ? null : costAt(provider, sums, nowMs);
    return cost === null ? [] : [[name, cost]];
  });
  return {
    feature: sums.feature === "" ? "requests without a feature" : sums.feature,
    tier: sums.tier,
    provider: sums.provider,
    calls: sums.calls,
    cost: sums.cost,
    costAt: new Map(others),
  };
}

/** Of the calls together; null: it has no price. */
function costAt({ prices }: Provider, sums: CallSums, nowMs: number): number | null {
  const price = priceAt(prices, nowMs);
  if (price === undefined) return null;
  const mean = (sum: number): number => Math.round(sum / sums.calls);
  const call: TokenUsage = {
    input: mean(sums.input),
    cachedInput: mean(sums.cachedInput),
    output: mean(sums.output),
    reasoning: mean(sums.reasoning),
  };
  return costOf(call, price) * sums.calls;
}
