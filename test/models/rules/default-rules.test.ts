import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Directive, directive } from "../../../models/domain/directive.ts";
import { resolveCatalog } from "../../../models/domain/resolve-catalog.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { budgetPace } from "../../../models/rules/budget-pace.ts";
import { checkCondition } from "../../../models/rules/condition.ts";
import { evaluateRules, type RuleState } from "../../../models/rules/evaluate.ts";
import { applyGuardRails } from "../../../models/rules/guard-rails.ts";
import type { RuleMetric } from "../../../models/rules/metrics.ts";
import { providerFacts } from "../../../models/rules/provider-facts.ts";
import { metricValues } from "./metric-values.ts";

const NOW = Date.UTC(2026, 2, 2, 12);
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const file: unknown = parse(await readFile(new URL("../../../catalog.yaml", import.meta.url), "utf8"));
const resolved = resolveCatalog(file, { version: "default", checkCondition });
if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
const { catalog } = resolved;

/** The incident of each default rule: what the metrics are while it lasts, and the directive that it must lead to. */
const INCIDENTS: Readonly<Record<string, readonly [Partial<Record<RuleMetric, number>>, string]>> = {
  "daily-spend-above-target": [{ daily_spend: 130, target_spend: 100 }, "route"],
  "low-cache-hit-rate": [{ cache_hit_rate: 0.1 }, "cache"],
  "low-satisfaction": [{ user_satisfaction: 3.5 }, "route"],
  "slow-answers": [{ response_time_ms: 9_000 }, "route"],
  "pace-free-tier": [{ budget_pace: 0.9 }, "route"],
  "pace-everybody": [{ budget_pace: 0.5 }, "route"],
  "paying-users-refused": [
    { paying_denied_share: 0.02, projected_daily_spend: 60, target_spend: 100 },
    "tier-limit",
  ],
  "growth-above-20-percent": [{ user_growth: 0.3 }, "cache"],
  "usage-above-150-percent": [{ usage_ratio: 2 }, "route"],
  "cost-above-200-percent": [{ projected_daily_spend: 250, target_spend: 100 }, "tier-limit"],
  "forecast-week-above-budget": [{ forecast_week_spend: 1_200, weekly_budget: 1_000 }, "route"],
  "forecast-day-above-200-percent": [{ forecast_peak_day_spend: 250, target_spend: 100 }, "notify"],
  "forecast-usage-above-150-percent": [{ forecast_usage_ratio: 1.8 }, "notify"],
  "forecast-growth-above-20-percent": [{ forecast_user_growth: 0.25 }, "notify"],
};

/** Five minutes apart, the rule alone, under its incident all the while: what it did and when. */
function live(name: string, minutes: number) {
  const [rule] = catalog.automation.rules.filter((one) => one.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  const [given] = INCIDENTS[name] ?? [{}];
  const today = ["gpt-4o", "gemini-flash"].map((provider) => ({
    provider,
    requests: 100,
    cost: 1e9,
    inputTokens: 50_000,
    outputTokens: 20_000,
  }));
  let states: ReadonlyMap<string, RuleState> = new Map();
  const fired: { readonly atMs: number; readonly kind: string; readonly directive: Directive | null }[] = [];
  for (let nowMs = NOW; nowMs <= NOW + minutes * MINUTE_MS; nowMs += 10 * SECOND_MS) {
    const active = fired.flatMap(({ directive: one }) =>
      one !== null && one.expiresAt > nowMs ? [one] : [],
    );
    const round = evaluateRules({
      rules: [rule],
      mode: "act",
      metrics: metricValues(given),
      facts: {
        providers: providerFacts(catalog, today, nowMs),
        fallbackProvider: "fallback",
        tiers: catalog.tiers,
      },
      states,
      active,
      changesAtMs: fired.map(({ atMs }) => atMs),
      maxChangesPerHour: catalog.automation.maxChangesPerHour,
      nowMs,
    });
    states = round.states;
    for (const before of round.decisions) {
      const facts = { catalog, drained: new Set<string>(), predicted: null, rolledBackAtMs: null, nowMs };
      const { outcome } = applyGuardRails(before, facts);
      if (outcome.kind !== "fired") continue;
      const issued =
        outcome.instruction === null
          ? null
          : directive.parse({
              id: `01990000-0000-7000-8000-${String(fired.length).padStart(12, "0")}`,
              issuedBy: { type: "rule", name },
              reason: "test",
              evidence: null,
              issuedAt: nowMs,
              expiresAt: nowMs + rule.expiresMinutes * MINUTE_MS,
              ...outcome.instruction,
            });
      fired.push({ atMs: nowMs, kind: outcome.instruction?.kind ?? "notify", directive: issued });
    }
  }
  return { rule, fired };
}

describe("each default rule", () => {
  it("has an incident here", () => {
    expect(Object.keys(INCIDENTS).sort()).toEqual(catalog.automation.rules.map(({ name }) => name).sort());
  });

  it.each(Object.entries(INCIDENTS))(
    "%s acts once on its incident, and its end reverts it",
    (name, [, kind]) => {
      const { rule, fired } = live(name, 14);
      expect(fired).toHaveLength(1);
      const [{ atMs, directive: issued } = { atMs: 0, directive: null }] = fired;
      expect(fired[0]?.kind).toBe(kind);
      expect(atMs - NOW).toBeGreaterThanOrEqual(rule.holdSeconds * SECOND_MS);
      if (issued === null) return;
      expect(foldControls(catalog, [issued]).version).not.toBe(catalog.version);
      expect(issued.expiresAt - issued.issuedAt).toBeLessThanOrEqual(7 * 1_440 * MINUTE_MS);
    },
  );

  it.each(Object.keys(INCIDENTS))("%s does nothing on a normal day", (name) => {
    const [rule] = catalog.automation.rules.filter((one) => one.name === name);
    const round = evaluateRules({
      rules: rule === undefined ? [] : [rule],
      mode: "act",
      metrics: metricValues({
        daily_spend: 40,
        projected_daily_spend: 80,
        target_spend: 100,
        daily_budget: 200,
        weekly_budget: 1_000,
        forecast_week_spend: 600,
        forecast_peak_day_spend: 95,
        forecast_usage_ratio: 1.1,
        forecast_user_growth: 0.01,
        user_growth: 0.01,
        usage_ratio: 1.05,
        budget_pace: 1.5,
        paying_denied_share: 0.002,
        cache_hit_rate: 0.45,
        user_satisfaction: 4.4,
        response_time_ms: 1_800,
      }),
      facts: { providers: [], fallbackProvider: "fallback", tiers: catalog.tiers },
      states: new Map(),
      active: [],
      changesAtMs: [],
      maxChangesPerHour: 6,
      nowMs: NOW,
    });
    expect(round.decisions.map(({ outcome }) => outcome.kind)).toEqual(["not-met"]);
  });
});

describe("the pace of the day's budget", () => {
  it("is what the target leaves over what the hours to come will cost", () => {
    expect(budgetPace({ targetSpend: 100, dailySpend: 40, projected: 160 })).toBeCloseTo(0.5);
    expect(budgetPace({ targetSpend: 100, dailySpend: 40, projected: 80 })).toBeCloseTo(1.5);
    expect(budgetPace({ targetSpend: 100, dailySpend: 120, projected: 160 })).toBe(0);
  });

  it("is not known without a forecast, or when nothing is to come", () => {
    expect(budgetPace({ targetSpend: 100, dailySpend: 40, projected: null })).toBeNull();
    expect(budgetPace({ targetSpend: 100, dailySpend: 40, projected: 40 })).toBeNull();
  });
});
