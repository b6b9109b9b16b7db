import { tierFacts } from "../../business/tier-facts.ts";
import type { Catalog } from "../../domain/catalog.ts";
import { type NanoUsd, nanoFromUsd, usdFromNano } from "../../domain/money.ts";
import type { Rule } from "../../domain/rule.ts";
import { parseCondition } from "../../rules/condition.ts";
import type { RuleMetric } from "../../rules/metrics.ts";

/** A state of the product: the roadmap's phases are switched on one after the other, each with those before it. */
export interface Phase {
  readonly name: string;
  /** What the roadmap expects it to save of the baseline's cost; null = nothing, it is there to compare with. */
  readonly expectedSaving: number | null;
  /** The catalog with what this phase has; null = the baseline, which has no policy at all. */
  catalogOf(catalog: Catalog, nowMs: number): Catalog | null;
}

export const BASELINE = "baseline";

export const PHASES: readonly Phase[] = [
  { name: BASELINE, expectedSaving: null, catalogOf: () => null },
  {
    name: "limits alone",
    expectedSaving: null,
    catalogOf: (catalog, nowMs) => withRules(dearestFirst(withoutRouting(catalog), nowMs), []),
  },
  {
    name: "1 tiers and budgets",
    expectedSaving: 0.3,
    catalogOf: (catalog) => withRules(withoutRouting(catalog), []),
  },
  { name: "2 routing and cache", expectedSaving: 0.5, catalogOf: (catalog) => withRules(catalog, []) },
  {
    name: "3 forecasts",
    expectedSaving: 0.65,
    catalogOf: (catalog) => withRules(catalog, catalog.automation.rules.filter(looksAhead)),
  },
  { name: "4 automation", expectedSaving: 0.7, catalogOf: (catalog) => catalog },
];

/** What says how it will go on, not how it is. */
const AHEAD: ReadonlySet<RuleMetric> = new Set<RuleMetric>([
  "projected_daily_spend",
  "budget_pace",
  "forecast_week_spend",
  "forecast_peak_day_spend",
  "forecast_usage_ratio",
  "forecast_user_growth",
]);

/** Whether a rule rests on a forecast. */
export function looksAhead({ when }: Rule): boolean {
  const parsed = parseCondition(when);
  return parsed.ok && parsed.condition.metrics.some((metric) => AHEAD.has(metric));
}

/** Tiers ask their providers in the order in which they list them, and nothing is cached. */
function withoutRouting(catalog: Catalog): Catalog {
  const features = [...catalog.features.values()].map((feature) => ({ ...feature, cacheMinutes: 0 }));
  const { fallbackProvider } = catalog.routing;
  return {
    ...catalog,
    features: new Map(features.map((feature) => [feature.name, feature])),
    routing: {
      peakHours: new Set(),
      peakProviders: [],
      offPeakProviders: [],
      highLoad: null,
      fallbackProvider,
    },
  };
}

/** What the limits save by themselves: each tier asks the provider of the baseline first. */
function dearestFirst(catalog: Catalog, nowMs: number): Catalog {
  const dearest = new Map(
    tierFacts(catalog, nowMs).map(({ tier, baselineProvider }) => [tier, baselineProvider]),
  );
  const tiers = [...catalog.tiers.values()].map((tier) => {
    const first = tier.allowedProviders.filter((name) => name === dearest.get(tier.name));
    const others = tier.allowedProviders.filter((name) => name !== dearest.get(tier.name));
    return { ...tier, allowedProviders: [...first, ...others] };
  });
  return { ...catalog, tiers: new Map(tiers.map((tier) => [tier.name, tier])) };
}

function withRules(catalog: Catalog, rules: readonly Rule[]): Catalog {
  return { ...catalog, automation: { ...catalog.automation, rules } };
}

/** The number of users for whom the roadmap and the default catalog set the limits of everybody's money. */
export const CATALOG_USERS = 10_000;

/** The limits of everybody's money as they would be for fewer users, so that they press as hard; a user's own limits stay. */
export function scaleBudgets(catalog: Catalog, users: number): Catalog {
  const scaled = (limit: NanoUsd): NanoUsd => nanoFromUsd((usdFromNano(limit) * users) / CATALOG_USERS);
  const { safeguards, automation } = catalog;
  return {
    ...catalog,
    safeguards: {
      ...safeguards,
      dailyBudget: scaled(safeguards.dailyBudget),
      weeklyBudget: scaled(safeguards.weeklyBudget),
    },
    automation: { ...automation, targetDailySpend: scaled(automation.targetDailySpend) },
  };
}
