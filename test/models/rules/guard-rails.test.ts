import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../models/domain/catalog.ts";
import { type Directive, type DirectiveInstruction, directive } from "../../../models/domain/directive.ts";
import { usdFromNano } from "../../../models/domain/money.ts";
import { RULE_KINDS, type Rule, rule } from "../../../models/domain/rule.ts";
import { globalDailyLimit } from "../../../models/policy/charges.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { routeRequest } from "../../../models/policy/route.ts";
import type { PredictedEffect } from "../../../models/rules/effect.ts";
import { evaluateRules } from "../../../models/rules/evaluate.ts";
import { applyGuardRails } from "../../../models/rules/guard-rails.ts";
import { type MetricValues, RULE_METRIC_NAMES } from "../../../models/rules/metrics.ts";
import { providerFacts } from "../../../models/rules/provider-facts.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";
import { metricValues } from "./metric-values.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const providerName = fc.constantFrom("cheap", "middle", "dear", "nobody");
const tierName = fc.constantFrom("free", "premium", "unlimited", "none");
const money = fc.double({ min: 0, max: 2_000, noNaN: true });

/** What a rule may be written to do, sensible or not. */
const action = fc.oneof(
  fc.constant({ action: "switch-to-cheaper-provider" }),
  fc.constant({ action: "switch-to-higher-quality-provider" }),
  fc.constant({ action: "enable-fallback-provider" }),
  fc.constant({ action: "pause-non-premium" }),
  fc.constant({ action: "fallback-mode" }),
  fc.record({
    action: fc.constant("extend-cache-duration"),
    multiplyMinutes: fc.integer({ min: 1, max: 100 }),
  }),
  fc.record({ action: fc.constant("switch-provider"), provider: providerName }),
  fc.record({ action: fc.constant("emergency-budget"), dailyUsd: money }),
  fc.record({
    action: fc.constant("raise-request-limit"),
    tier: tierName,
    multiply: fc.double({ min: 1.01, max: 10, noNaN: true }),
  }),
  providerName.map((provider) => ({ action: "drain-provider", provider })),
  providerName.map((provider) => ({ action: "route", prefer: [provider], avoid: ["cheap"] })),
  fc.record({
    action: fc.constant("tier-limit"),
    tier: tierName,
    dailyRequests: fc.integer({ min: -1, max: 500 }),
    weeklyBudget: money,
    monthlyBudget: money,
  }),
  fc.record({
    action: fc.constant("rate-limit"),
    requestsPerMinute: fc.integer({ min: 1, max: 1_000 }),
    scope: fc.constantFrom("global", "user"),
  }),
);

const condition = fc
  .tuple(fc.constantFrom(...RULE_METRIC_NAMES), fc.constantFrom("<", ">"), fc.integer({ min: 0, max: 300 }))
  .map(([metric, sign, value]) => `${metric} ${sign} ${value}.0`);

const rules = fc
  .array(
    fc.record({
      when: condition,
      then: action,
      priority: fc.constantFrom("high", "medium", "low"),
      mode: fc.constantFrom("act", "observe", "approve", undefined),
      cooldownMinutes: fc.integer({ min: 0, max: 30 }),
      expiresMinutes: fc.integer({ min: 1, max: 120 }),
      rolloutShare: fc.constantFrom(0.1, 1),
      guardRails: fc.record({
        maxLimitChangeShare: fc.double({ min: 0, max: 1, noNaN: true }),
        maxCacheMultiply: fc.integer({ min: 1, max: 10 }),
        maxPremiumDeniedShare: fc.constantFrom(0, 0.05),
      }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((written) =>
    written.map(({ mode, ...one }, index) =>
      rule.parse({ ...one, name: `rule-${index}`, ...(mode === undefined ? {} : { mode }) }),
    ),
  );

const metrics = fc
  .tuple(
    ...RULE_METRIC_NAMES.map(() => fc.option(fc.double({ min: 0, max: 300, noNaN: true }), { nil: null })),
  )
  .map((values): MetricValues => {
    const named: Partial<Record<(typeof RULE_METRIC_NAMES)[number], number | null>> = {};
    for (const [index, name] of RULE_METRIC_NAMES.entries()) named[name] = values[index] ?? null;
    return metricValues(named);
  });

const predicted = fc.option(
  fc.record({
    requests: fc.nat(),
    costChange: fc.double({ min: -100, max: 100, noNaN: true }),
    costChangeShare: fc.double({ min: -1, max: 3, noNaN: true }),
    costBias: fc.constant(0),
    latencyChangeMs: fc.constant(null),
    satisfactionChange: fc.double({ min: -2, max: 2, noNaN: true }),
    newlyDeniedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    premiumDeniedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    usersAffectedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { nil: null },
);

interface Step {
  readonly metrics: MetricValues;
  readonly predicted: PredictedEffect | null;
  readonly afterMinutes: number;
}

const steps = fc.array(fc.record({ metrics, predicted, afterMinutes: fc.integer({ min: 1, max: 20 }) }), {
  minLength: 1,
  maxLength: 15,
});

interface Issued {
  readonly rule: Rule;
  readonly directive: Directive;
  readonly predicted: PredictedEffect | null;
}

/** Everything that the automation issues over some hours, its own directives in force all the while. */
function live(catalog: Catalog, given: { readonly rules: readonly Rule[]; readonly steps: readonly Step[] }) {
  const issued: Issued[] = [];
  let states: Parameters<typeof evaluateRules>[0]["states"] = new Map();
  let nowMs = NOW;
  for (const step of given.steps) {
    nowMs += step.afterMinutes * MINUTE_MS;
    const active = issued.map((one) => one.directive).filter(({ expiresAt }) => expiresAt > nowMs);
    const round = evaluateRules({
      rules: given.rules,
      mode: catalog.automation.mode,
      metrics: step.metrics,
      facts: {
        providers: providerFacts(catalog, [], nowMs),
        fallbackProvider: "cheap",
        tiers: catalog.tiers,
      },
      states,
      active,
      changesAtMs: issued.map(({ directive: { issuedAt } }) => issuedAt),
      maxChangesPerHour: catalog.automation.maxChangesPerHour,
      nowMs,
    });
    states = round.states;
    const drained = new Set(foldControls(catalog, active).drained);
    for (const before of round.decisions) {
      const { outcome } = applyGuardRails(before, {
        catalog,
        drained,
        predicted: step.predicted,
        rolledBackAtMs: null,
        nowMs,
      });
      if (outcome.kind !== "fired" || outcome.instruction === null) continue;
      if (outcome.instruction.kind === "provider") drained.add(outcome.instruction.params.provider);
      issued.push({
        rule: before.rule,
        directive: directiveOf(outcome.instruction, { rule: before.rule, nowMs, count: issued.length }),
        predicted: step.predicted,
      });
    }
  }
  return issued;
}

function directiveOf(
  instruction: DirectiveInstruction,
  { rule: of, nowMs, count }: { readonly rule: Rule; readonly nowMs: number; readonly count: number },
): Directive {
  return directive.parse({
    id: `01990000-0000-7000-8000-${String(count).padStart(12, "0")}`,
    issuedBy: { type: "rule", name: of.name },
    reason: "test",
    evidence: null,
    issuedAt: nowMs,
    expiresAt: nowMs + of.expiresMinutes * MINUTE_MS,
    ...instruction,
  });
}

describe("whatever the metrics and the rules are", () => {
  const catalog = testCatalog({
    targetDailySpend: 10,
    maxChangesPerHour: 3,
    allowedKinds: RULE_KINDS.filter((kind) => kind !== "fallback-mode"),
    rules: [],
  });

  it("nothing that the automation does leaves its guard rails", () => {
    fc.assert(
      fc.property(rules, steps, (written, lived) => {
        const issued = live(catalog, { rules: written, steps: lived });
        for (const { rule: by, directive: one, predicted: effect } of issued) {
          expect(by.mode ?? "act").toBe("act");
          expect(catalog.automation.allowedKinds).toContain(one.kind);
          expect(one.expiresAt - one.issuedAt).toBe(by.expiresMinutes * MINUTE_MS);
          const inHour = issued.filter(
            ({ directive: { issuedAt } }) => issuedAt <= one.issuedAt && issuedAt > one.issuedAt - HOUR_MS,
          );
          expect(inHour.length).toBeLessThanOrEqual(3);
          if (effect !== null && effect.confidence >= 0.3) {
            expect(effect.premiumDeniedShare).toBeLessThanOrEqual(by.guardRails.maxPremiumDeniedShare);
          }
          if (one.kind === "cache") {
            expect(one.params.multiplyMinutes).toBeLessThanOrEqual(by.guardRails.maxCacheMultiply);
          }
          checkLimits(one, by);
          const inForce = issued
            .map((other) => other.directive)
            .filter(({ issuedAt, expiresAt }) => issuedAt <= one.issuedAt && expiresAt > one.issuedAt);
          checkRoutes(one, inForce);
        }
      }),
      { numRuns: 200 },
    );
  }, 120_000);

  function checkLimits(one: Directive, { guardRails: { maxLimitChangeShare: most } }: Rule): void {
    const controls = foldControls(catalog, [one]);
    expect(globalDailyLimit(controls)).toBeLessThanOrEqual(catalog.safeguards.dailyBudget);
    expect(globalDailyLimit(controls)).toBeGreaterThanOrEqual(
      catalog.safeguards.dailyBudget * (1 - most) - 1,
    );
    for (const [name, tier] of controls.tiers) {
      const before = catalog.tiers.get(name);
      expect(tier.weeklyBudget).toBeLessThanOrEqual((before?.weeklyBudget ?? 0) * (1 + most) + 1);
      expect(usdFromNano(tier.weeklyBudget)).toBeLessThanOrEqual(
        usdFromNano(catalog.safeguards.weeklyBudget),
      );
      expect(tier.dailyRequests).toBeLessThanOrEqual((before?.dailyRequests ?? 0) * (1 + most));
      expect(tier.dailyRequests).toBeGreaterThanOrEqual((before?.dailyRequests ?? 0) * (1 - most) || 0);
    }
  }

  function checkRoutes(one: Directive, inForce: readonly Directive[]): void {
    const controls = foldControls(catalog, inForce);
    for (const tier of controls.tiers.values()) {
      const route = routeRequest({
        controls,
        tier,
        requestedModel: "auto",
        feature: "advice",
        hourOfDay: 12,
        stage: "normal",
        highLoad: false,
        unavailable: new Set(),
      });
      if (!route.ok) throw new Error(`${one.kind} leaves tier ${tier.name} without a provider`);
      for (const { provider } of route.candidates) expect(tier.allowedProviders).toContain(provider.name);
    }
  }
});

describe("the bounds of a directive", () => {
  const catalog = testCatalog();
  const outcomeOf = (then: object) => {
    const one = rule.parse({ name: "r", when: "daily_spend > 0.0", then });
    const [decision] = evaluateRules({
      rules: [one],
      mode: "act",
      metrics: metricValues({ daily_spend: 1 }),
      facts: { providers: [], fallbackProvider: "cheap", tiers: catalog.tiers },
      states: new Map(),
      active: [],
      changesAtMs: [],
      maxChangesPerHour: 6,
      nowMs: NOW,
    }).decisions;
    if (decision === undefined) throw new Error("there is no decision");
    return applyGuardRails(decision, {
      catalog,
      drained: new Set(),
      predicted: null,
      rolledBackAtMs: null,
      nowMs: NOW,
    }).outcome;
  };

  it.each([
    [{ action: "emergency-budget", dailyUsd: 250 }],
    [{ action: "emergency-budget", dailyUsd: 50 }],
    [{ action: "tier-limit", tier: "free", dailyRequests: -1 }],
    [{ action: "tier-limit", tier: "free", dailyRequests: 16 }],
    [{ action: "tier-limit", tier: "premium", weeklyBudget: 1 }],
    [{ action: "tier-limit", tier: "gone", weeklyBudget: 1 }],
    [{ action: "raise-request-limit", tier: "premium", multiply: 2 }],
    [{ action: "weights", tier: "premium", weights: { middle: 0.1 }, explorationDailyUsd: 5 }],
    [{ action: "cache", multiplyMinutes: 5 }],
  ])("are left by %j, which is not issued", (then) => {
    expect(outcomeOf(then)).toMatchObject({ kind: "blocked", guardRail: "within-bounds" });
  });

  it.each([
    [{ action: "emergency-budget", dailyUsd: 150 }],
    [{ action: "tier-limit", tier: "free", dailyRequests: 15 }],
    [{ action: "raise-request-limit", tier: "premium" }],
    [{ action: "weights", tier: "premium", weights: { middle: 0.1 }, explorationDailyUsd: 1 }],
    [{ action: "cache", multiplyMinutes: 4 }],
  ])("hold %j", (then) => {
    expect(outcomeOf(then).kind).toBe("fired");
  });
});
