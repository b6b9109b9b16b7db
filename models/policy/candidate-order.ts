import type { Provider, Tier } from "../domain/catalog.ts";
import type { NanoUsd } from "../domain/money.ts";
import type { Controls, DirectiveOf } from "./controls.ts";

export interface Candidate {
  readonly provider: Provider;
  /** Why it stands where it stands: `requested`, `directive:<id>`, `fallback-mode`, `safeguard`, `high-load`, `peak`, `off-peak`, `tier-order`; `slow:` or `unable:<the one before it>`, under high load with `+high-load`. */
  readonly reason: string;
  /** Of the first one: with which probability it came to be the first. Absent: it was certain. */
  readonly propensity?: number;
  /** Of one that is tried in order to learn: nano-dollars that such calls may cost today, all together. Others follow where it is used up. */
  readonly explorationLimit?: NanoUsd;
}

export interface OrderQuestion {
  readonly tier: Tier;
  readonly feature: string;
  readonly hourOfDay: number;
  readonly highLoad: boolean;
}

export interface CandidateOrders {
  /** Every provider that the tier lists and that has a price and is not drained, best first. */
  auto(question: OrderQuestion): readonly Candidate[];
  fallback(tier: Tier): FallbackChoice;
}

export interface FallbackChoice {
  /** The catalog's fallback provider, if the tier lists it and it can serve. */
  readonly fallback: Provider | undefined;
  /** The tier's providers, cheapest first. */
  readonly byCost: readonly Provider[];
}

/** Cheapness is compared for this call: about a page in, half a page out. Tokens. */
const TYPICAL_CALL = { input: 1_000, output: 500 } as const;

const compiled = new WeakMap<Controls, CandidateOrders>();

/**
 * The orders under some controls, compiled once for each combination that occurs: a request then costs one look-up.
 * Bounded: tiers × features that a route directive names × 2 × 2.
 *
 * From weak to strong: the tier's own order, the peak or off-peak list; under high load the cheapest first and the high-load list
 * before them; route directives from old to new.
 */
export function candidateOrders(controls: Controls): CandidateOrders {
  const known = compiled.get(controls);
  if (known !== undefined) return known;
  const orders = compileOrders(controls);
  compiled.set(controls, orders);
  return orders;
}

/** Who answers a tier in fallback mode while everybody can be called and the request needs nothing special. */
export function findFallback(controls: Controls, tier: Tier): Provider | undefined {
  const { fallback, byCost } = candidateOrders(controls).fallback(tier);
  return fallback ?? byCost[0];
}

function compileOrders(controls: Controls): CandidateOrders {
  const { peakHours } = controls.catalog.routing;
  const namedFeatures = new Set(controls.routes.flatMap(({ params }) => params.feature ?? []));
  const autos = new Map<string, readonly Candidate[]>();
  const fallbacks = new Map<string, FallbackChoice>();
  return {
    auto({ tier, feature, hourOfDay, highLoad }) {
      const peak = peakHours.has(hourOfDay);
      const named = namedFeatures.has(feature) ? feature : "";
      const key = `${tier.name} ${peak ? 1 : 0}${highLoad ? 1 : 0} ${named}`;
      return remember(autos, key, () => orderCandidates(controls, { tier, feature: named, peak, highLoad }));
    },
    fallback: (tier) => remember(fallbacks, tier.name, () => chooseFallback(controls, tier)),
  };
}

function remember<T>(memory: Map<string, T>, key: string, compute: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const value = compute();
  memory.set(key, value);
  return value;
}

interface Situation {
  readonly tier: Tier;
  readonly feature: string;
  readonly peak: boolean;
  readonly highLoad: boolean;
}

function orderCandidates(controls: Controls, situation: Situation): readonly Candidate[] {
  const { routing } = controls.catalog;
  const { tier, peak, highLoad } = situation;
  let order: readonly Candidate[] = usableProviders(controls, tier).map((provider) => ({
    provider,
    reason: "tier-order",
  }));
  order = peak
    ? promote(order, routing.peakProviders, "peak")
    : promote(order, routing.offPeakProviders, "off-peak");
  if (highLoad && routing.highLoad !== null) {
    order = promote(cheapestFirst(order, "high-load"), routing.highLoad.providers, "high-load");
  }
  for (const directive of controls.routes.toReversed()) {
    if (!applies(directive, situation)) continue;
    order = promote(order, directive.params.prefer, `directive:${directive.id}`);
    order = demote(order, directive.params.avoid);
  }
  return order;
}

function applies({ params }: DirectiveOf<"route">, { tier, feature }: Situation): boolean {
  return (
    (params.tier === undefined || params.tier === tier.name) &&
    (params.feature === undefined || params.feature === feature)
  );
}

function promote(
  order: readonly Candidate[],
  names: readonly string[],
  reason: string,
): readonly Candidate[] {
  const listed = new Set(names);
  const first = [...listed].flatMap((name) => {
    const found = order.find(({ provider }) => provider.name === name);
    return found === undefined ? [] : [{ provider: found.provider, reason }];
  });
  return [...first, ...order.filter(({ provider }) => !listed.has(provider.name))];
}

function cheapestFirst(order: readonly Candidate[], reason: string): readonly Candidate[] {
  return order
    .map(({ provider }) => ({ provider, reason }))
    .sort((a, b) => typicalCost(a.provider) - typicalCost(b.provider));
}

function demote(order: readonly Candidate[], names: readonly string[]): readonly Candidate[] {
  const avoided = ({ provider }: Candidate) => names.includes(provider.name);
  return [...order.filter((candidate) => !avoided(candidate)), ...order.filter(avoided)];
}

function chooseFallback(controls: Controls, tier: Tier): FallbackChoice {
  const usable = usableProviders(controls, tier);
  return {
    fallback: usable.find(({ name }) => name === controls.catalog.routing.fallbackProvider),
    byCost: [...usable].sort((a, b) => typicalCost(a) - typicalCost(b)),
  };
}

function usableProviders(controls: Controls, tier: Tier): Provider[] {
  return tier.allowedProviders
    .flatMap((name) => controls.catalog.providers.get(name) ?? [])
    .filter(({ name, prices }) => prices.length > 0 && !controls.drained.has(name));
}

/** In pico-dollars, by the schedule's last price: what the provider costs from then on. */
function typicalCost({ prices }: Provider): number {
  const price = prices.at(-1)?.price;
  if (price === undefined) return Number.POSITIVE_INFINITY;
  const { input, output } = price.rates;
  return TYPICAL_CALL.input * input + TYPICAL_CALL.output * output + price.perRequest * 1_000;
}
