import type { Catalog, Provider, Tier } from "../domain/catalog.ts";
import { costOf, type Price, priceAt } from "../domain/price.ts";

/** What the warehouse must know of a tier. Money in nano-dollars, rates in pico-dollars a token. */
export interface TierFacts {
  readonly tier: string;
  readonly monthlyPrice: number;
  /** The most expensive provider that the tier may use: what its requests would cost without routing. Empty: none has a price. */
  readonly baselineProvider: string;
  readonly baselineInput: number;
  readonly baselineOutput: number;
  readonly baselineRequest: number;
}

/** Prices are compared for this call. */
const TYPICAL_CALL = { input: 1_000, cachedInput: 0, output: 500, reasoning: 0 } as const;

export function tierFacts(catalog: Catalog, nowMs: number): TierFacts[] {
  return [...catalog.tiers.values()].map((tier) => {
    const dearest = dearestOf(catalog, tier, nowMs);
    return {
      tier: tier.name,
      monthlyPrice: tier.monthlyPrice,
      baselineProvider: dearest?.provider.name ?? "",
      baselineInput: dearest?.price.rates.input ?? 0,
      baselineOutput: dearest?.price.rates.output ?? 0,
      baselineRequest: dearest?.price.perRequest ?? 0,
    };
  });
}

function dearestOf({ providers }: Catalog, { allowedProviders }: Tier, nowMs: number) {
  let dearest: { provider: Provider; price: Price; cost: number } | null = null;
  for (const name of allowedProviders) {
    const provider = providers.get(name);
    const price = provider === undefined ? undefined : priceAt(provider.prices, nowMs);
    if (provider === undefined || price === undefined) continue;
    const cost = costOf(TYPICAL_CALL, price);
    if (Number.isSafeInteger(cost) && cost > (dearest?.cost ?? -1)) dearest = { provider, price, cost };
  }
  return dearest;
}
