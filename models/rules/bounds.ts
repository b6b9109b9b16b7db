import type { Catalog, Tier } from "../domain/catalog.ts";
import type { DirectiveInstruction } from "../domain/directive.ts";
import { usdFromNano } from "../domain/money.ts";
import type { RuleGuardRails } from "../domain/rule.ts";

export interface Surroundings {
  readonly catalog: Catalog;
  /** Providers that take no requests already. */
  readonly drained: ReadonlySet<string>;
}

/** Why a rule may not give this instruction, whatever it is expected to do; null = it is within its bounds. */
export function beyondBounds(
  { kind, params }: DirectiveInstruction,
  rails: RuleGuardRails,
  { catalog, drained }: Surroundings,
): string | null {
  switch (kind) {
    case "emergency-budget": {
      const dailyUsd = usdFromNano(catalog.safeguards.dailyBudget);
      return outside("the emergency budget", params.dailyUsd, {
        least: dailyUsd * (1 - rails.maxLimitChangeShare),
        most: dailyUsd,
      });
    }
    case "tier-limit": {
      const tier = catalog.tiers.get(params.tier);
      return tier === undefined
        ? `there is no tier ${params.tier}`
        : beyondTierLimits(params, { tier, rails, catalog });
    }
    case "cache":
      return params.multiplyMinutes > rails.maxCacheMultiply
        ? `answers would be kept ${params.multiplyMinutes} times as long, at most ${rails.maxCacheMultiply} times are allowed`
        : null;
    case "provider":
      return params.action === "drain" ? leavesNobody(new Set([...drained, params.provider]), catalog) : null;
    case "weights":
      return beyondTier(params, catalog);
    case "pause-automation":
      return "only people stop the automation";
    default:
      return null;
  }
}

/** Weights speak of providers that the tier may use, of no more than all requests, and of no more money than trying may cost. */
function beyondTier(
  {
    tier: name,
    weights,
    remainder,
    explorationDailyUsd = 0,
  }: Extract<DirectiveInstruction, { kind: "weights" }>["params"],
  { tiers, providers, automation }: Catalog,
): string | null {
  const allowed = name === undefined ? [...providers.keys()] : (tiers.get(name)?.allowedProviders ?? []);
  const foreign = Object.keys(weights).find((provider) => !allowed.includes(provider));
  if (foreign !== undefined)
    return `${name === undefined ? "the catalog" : `tier ${name}`} has no ${foreign}`;
  const mostUsd = usdFromNano(automation.learning.explorationDailyBudget);
  if (explorationDailyUsd > mostUsd)
    return `trying providers could cost $${explorationDailyUsd} a day, at most $${mostUsd} is allowed`;
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  return remainder === "order" && sum > 1 + 1e-9 ? `the weights come to ${sum}, at most 1 is allowed` : null;
}

type TierLimits = Extract<DirectiveInstruction, { kind: "tier-limit" }>["params"];

function beyondTierLimits(
  { dailyRequests, weeklyBudget, monthlyBudget }: TierLimits,
  {
    tier,
    rails,
    catalog,
  }: { readonly tier: Tier; readonly rails: RuleGuardRails; readonly catalog: Catalog },
): string | null {
  const around = (limit: number) => ({
    least: limit * (1 - rails.maxLimitChangeShare),
    most: limit * (1 + rails.maxLimitChangeShare),
  });
  const hardUsd = usdFromNano(catalog.safeguards.weeklyBudget);
  const requests = dailyRequests === -1 ? Number.POSITIVE_INFINITY : dailyRequests;
  const weekly = around(usdFromNano(tier.weeklyBudget));
  return (
    outside("requests a day", requests, around(tier.dailyRequests)) ??
    outside("the weekly budget", weeklyBudget, { ...weekly, most: Math.min(weekly.most, hardUsd) }) ??
    outside("the monthly budget", monthlyBudget, around(usdFromNano(tier.monthlyBudget)))
  );
}

function outside(
  what: string,
  value: number | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): string | null {
  if (value === undefined || (value >= least && value <= most)) return null;
  return `${what} would be ${value}, allowed are ${least} to ${most}`;
}

/** A tier whose providers are all drained would have all of its requests refused. */
function leavesNobody(drained: ReadonlySet<string>, { tiers }: Catalog): string | null {
  const alone = [...tiers.values()].find(({ allowedProviders }) =>
    allowedProviders.every((name) => drained.has(name)),
  );
  return alone === undefined ? null : `tier ${alone.name} would have no provider left`;
}
