import type { Tier } from "../domain/catalog.ts";
import type { DirectiveInstruction } from "../domain/directive.ts";
import type { RuleAction } from "../domain/rule.ts";

/** A provider as the automation weighs it. */
export interface ProviderFacts {
  readonly name: string;
  readonly quality: number;
  /** Nano-dollars of a typical request; null = unpriced, never switched to. */
  readonly typicalCost: number | null;
  /** What it has carried today. */
  readonly requestsToday: number;
  readonly spendToday: number;
}

export interface ActionFacts {
  readonly providers: readonly ProviderFacts[];
  readonly fallbackProvider: string;
  /** As the catalog has them, whatever directives say. */
  readonly tiers: ReadonlyMap<string, Pick<Tier, "dailyRequests">>;
}

/** What a rule would tell the gateways: an instruction, nothing (`notify`), or why there is nothing to tell. */
export type ActionPlan =
  | { readonly kind: "instruct"; readonly instruction: DirectiveInstruction }
  | { readonly kind: "notify" }
  | { readonly kind: "impossible"; readonly why: string };

/** A provider with less than this share of today's requests or spend does not count as in use. */
const IN_USE_SHARE = 0.05;

export function planAction(action: RuleAction, facts: ActionFacts): ActionPlan {
  switch (action.action) {
    case "switch-to-cheaper-provider":
      return switchToCheaper(facts);
    case "switch-to-higher-quality-provider":
      return switchToBetter(facts);
    case "extend-cache-duration":
      return instruct({ kind: "cache", params: { multiplyMinutes: action.multiplyMinutes } });
    case "enable-fallback-provider":
      return instruct({ kind: "route", params: { prefer: [facts.fallbackProvider], avoid: [] } });
    case "raise-request-limit":
      return raiseRequests(action, facts);
    case "switch-provider":
      return instruct({ kind: "route", params: { prefer: [action.provider], avoid: [] } });
    case "drain-provider":
      return instruct({ kind: "provider", params: { provider: action.provider, action: "drain" } });
    case "notify":
      return { kind: "notify" };
    case "directive":
      return instruct(action.instruction);
  }
}

/**
 * Prefers what is cheaper than the dearest provider that carries today's spend, cheapest first, and avoids the rest: avoiding that one
 * alone would send a tier without a cheaper one to an even dearer one.
 */
function switchToCheaper({ providers }: ActionFacts): ActionPlan {
  const priced = providers.filter(isPriced);
  const dearest = inUse(priced, "spendToday").sort(byCost).at(-1);
  if (dearest === undefined) return { kind: "impossible", why: "no priced provider carries spend today" };
  const cheaper = priced.filter(({ typicalCost }) => typicalCost < dearest.typicalCost).sort(byCost);
  if (cheaper.length === 0) return { kind: "impossible", why: `no provider is cheaper than ${dearest.name}` };
  const rest = priced.filter(({ typicalCost }) => typicalCost >= dearest.typicalCost).sort(byCost);
  return instruct({ kind: "route", params: { prefer: namesOf(cheaper), avoid: namesOf(rest) } });
}

/** Prefers what is better than the poorest provider in use today, best first (the cheaper of equals), and avoids the rest. */
function switchToBetter({ providers }: ActionFacts): ActionPlan {
  const priced = providers.filter(isPriced);
  const poorest = inUse(priced, "requestsToday").sort(byQuality).at(-1);
  if (poorest === undefined) return { kind: "impossible", why: "no priced provider is in use today" };
  const better = priced.filter(({ quality }) => quality > poorest.quality).sort(byQuality);
  if (better.length === 0) return { kind: "impossible", why: `no provider is better than ${poorest.name}` };
  const rest = priced.filter(({ quality }) => quality <= poorest.quality).sort(byQuality);
  return instruct({ kind: "route", params: { prefer: namesOf(better), avoid: namesOf(rest) } });
}

/** By what the catalog says, so that a limit which is raised already is not raised further. */
function raiseRequests(
  { tier, multiply }: Extract<RuleAction, { action: "raise-request-limit" }>,
  { tiers }: ActionFacts,
): ActionPlan {
  const limit = tiers.get(tier)?.dailyRequests;
  if (limit === undefined) return { kind: "impossible", why: `there is no tier ${tier}` };
  const raised = Math.floor(limit * multiply);
  if (!(raised > limit))
    return { kind: "impossible", why: `${limit} requests a day of tier ${tier} cannot be raised` };
  return instruct({ kind: "tier-limit", params: { tier, dailyRequests: raised } });
}

type PricedProvider = ProviderFacts & { readonly typicalCost: number };

function isPriced(provider: ProviderFacts): provider is PricedProvider {
  return provider.typicalCost !== null;
}

function inUse(providers: readonly PricedProvider[], by: "spendToday" | "requestsToday"): PricedProvider[] {
  const total = providers.reduce((sum, provider) => sum + provider[by], 0);
  return providers.filter((provider) => provider[by] > 0 && provider[by] >= total * IN_USE_SHARE);
}

const byName = (a: ProviderFacts, b: ProviderFacts): number => (a.name < b.name ? -1 : 1);

const byCost = (a: PricedProvider, b: PricedProvider): number =>
  a.typicalCost - b.typicalCost || b.quality - a.quality || byName(a, b);

const byQuality = (a: PricedProvider, b: PricedProvider): number =>
  b.quality - a.quality || a.typicalCost - b.typicalCost || byName(a, b);

function namesOf(providers: readonly ProviderFacts[]): string[] {
  return providers.map(({ name }) => name);
}

function instruct(instruction: DirectiveInstruction): ActionPlan {
  return { kind: "instruct", instruction };
}
