import { z } from "zod";
import type { Provider, Tier } from "../../../models/domain/catalog.ts";
import { usdFromNano } from "../../../models/domain/money.ts";
import { rule } from "../../../models/domain/rule.ts";
import { findFallback } from "../../../models/policy/candidate-order.ts";
import { type Controls, foldControls } from "../../../models/policy/controls.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";

/** Null = no limit. Money in dollars. */
const shownTier = z.object({
  name: z.string(),
  /** Who answers the tier in fallback mode; null: nobody, so its requests are refused. */
  fallbackProvider: z.string().nullable(),
  dailyRequests: z.number().nullable(),
  requestsPerMinute: z.number().nullable(),
  weeklyBudget: z.number(),
  monthlyBudget: z.number(),
  monthlyPrice: z.number(),
  premium: z.boolean(),
  maxOutputTokens: z.number(),
  allowedProviders: z.array(z.string()),
});

const shownProvider = z.object({
  name: z.string(),
  model: z.string(),
  baseUrl: z.string(),
  /** The variable's name, never its value. */
  apiKeyEnv: z.string().nullable(),
  quality: z.number(),
  speed: z.number(),
  priced: z.boolean(),
  /** Or needs none. Without, a simulated provider may answer in its place. */
  hasKey: z.boolean(),
});

const shownCatalog = z.object({
  version: z.string(),
  /** The file was edited and refused, so the version above stays in use; every error of the edit. Empty: the file is in use. */
  refusedEdit: z.array(z.object({ path: z.string(), message: z.string() })),
  timezone: z.string(),
  defaultTier: z.string(),
  tiers: z.array(shownTier),
  providers: z.array(shownProvider),
  features: z.array(z.object({ name: z.string(), cacheMinutes: z.number(), cacheScope: z.string() })),
  routing: z.looseObject({ peakHours: z.array(z.number()), fallbackProvider: z.string() }),
  safeguards: z.object({
    dailyBudget: z.number(),
    weeklyBudget: z.number(),
    pauseAt: z.number(),
    fallbackAt: z.number(),
    stopAt: z.number(),
  }),
  automation: z.object({
    mode: z.enum(["act", "observe", "approve", "off"]),
    targetDailySpend: z.number(),
    rules: z.array(z.looseObject({ name: rule.shape.name, when: z.string() })),
  }),
  business: z.object({ infrastructureMonthly: z.number(), supportMonthly: z.number() }),
});

/** The catalog in use. */
export function catalogRoutes({ catalog, catalogProblems, directory, now, secretOf }: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/catalog",
      summary:
        "The catalog in use, and the errors of an edit that was refused; money in dollars, null = no limit",
      answer: shownCatalog,
      handle: () => ({
        ...showCatalog(
          foldControls(catalog(), directory.directives.active(now())),
          (name) => secretOf?.(name) ?? null,
        ),
        refusedEdit: [...(catalogProblems?.() ?? [])],
      }),
    }),
  ];
}

function showCatalog(
  controls: Controls,
  secretOf: (name: string) => string | null,
): Omit<z.input<typeof shownCatalog>, "refusedEdit"> {
  const { catalog } = controls;
  const { safeguards, automation, business, routing } = catalog;
  return {
    version: catalog.version,
    timezone: catalog.timezone,
    defaultTier: catalog.defaultTier.name,
    tiers: [...catalog.tiers.values()].map((tier) => showTier(tier, controls)),
    providers: [...catalog.providers.values()].map((provider) => showProvider(provider, secretOf)),
    features: [...catalog.features.values()],
    routing: { ...routing, peakHours: [...routing.peakHours] },
    safeguards: {
      ...safeguards,
      dailyBudget: usdFromNano(safeguards.dailyBudget),
      weeklyBudget: usdFromNano(safeguards.weeklyBudget),
    },
    automation: {
      mode: automation.mode,
      targetDailySpend: usdFromNano(automation.targetDailySpend),
      rules: [...automation.rules],
    },
    business: {
      infrastructureMonthly: usdFromNano(business.infrastructureMonthly),
      supportMonthly: usdFromNano(business.supportMonthly),
    },
  };
}

function showTier(tier: Tier, controls: Controls): z.input<typeof shownTier> {
  return {
    ...tier,
    fallbackProvider: findFallback(controls, tier)?.name ?? null,
    dailyRequests: finiteOrNull(tier.dailyRequests),
    requestsPerMinute: finiteOrNull(tier.requestsPerMinute),
    weeklyBudget: usdFromNano(tier.weeklyBudget),
    monthlyBudget: usdFromNano(tier.monthlyBudget),
    monthlyPrice: usdFromNano(tier.monthlyPrice),
    allowedProviders: [...tier.allowedProviders],
  };
}

function showProvider(
  { name, model, baseUrl, apiKeyEnv, quality, speed, prices }: Provider,
  secretOf: (name: string) => string | null,
): z.input<typeof shownProvider> {
  const hasKey = apiKeyEnv === null || secretOf(apiKeyEnv) !== null;
  return { name, model, baseUrl, apiKeyEnv, quality, speed, priced: prices.length > 0, hasKey };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
