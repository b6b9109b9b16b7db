import { describe, expect, it } from "vitest";
import type { Directive } from "../../../models/domain/directive.ts";
import { directive } from "../../../models/domain/directive.ts";
import { featureUsage } from "../../../models/forecast/feature-usage.ts";
import { forecastSeries } from "../../../models/forecast/forecast-series.ts";
import { recommendProviders } from "../../../models/forecast/recommend-provider.ts";
import type { Recommendation } from "../../../models/forecast/recommendation.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { compareControls } from "../../../models/simulation/counterfactual.ts";
import { simulatePast } from "../../../models/simulation/past-days.ts";
import type { PastRequest } from "../../../models/simulation/past-request.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const MONTH = 30;
const KNOWN_DAYS = 335;
/** The saving is told a month ahead: a campaign or longer prompts in that month are not foreseen. */
const WITHIN = 0.35;

/** Premium users are served by the dearer one of two providers, as the catalog's order has it. */
const catalog = testCatalog(undefined, {
  tiers: {
    free: { dailyRequests: 10, weeklyBudget: 5, monthlyBudget: 20, allowedProviders: ["cheap"] },
    premium: {
      dailyRequests: 100,
      weeklyBudget: 50,
      monthlyBudget: 200,
      allowedProviders: ["dear", "middle"],
      monthlyPrice: 9.99,
    },
  },
});

function year(seed: number): readonly (readonly PastRequest[])[] {
  return [...simulatePast({ seed, users: 150, days: KNOWN_DAYS + MONTH, startDay: "2025-01-01", catalog })];
}

/** What the recommendations read of the last month. */
function usageOf(events: readonly PastRequest[], nowMs: number) {
  const sums = new Map<string, Parameters<typeof featureUsage>[0]>();
  for (const event of events) {
    if (event.outcome !== "ok" || event.requested_model !== "auto" || event.cost === 0) continue;
    const { feature, tier, provider } = event;
    const key = `${feature} ${tier} ${provider}`;
    const before = sums.get(key) ?? {
      ...{ feature, tier, provider, calls: 0, cost: 0, input: 0, cachedInput: 0, output: 0, reasoning: 0 },
    };
    sums.set(key, {
      ...before,
      calls: before.calls + 1,
      cost: before.cost + event.cost,
      input: before.input + event.input_tokens,
      cachedInput: before.cachedInput + event.cached_input_tokens,
      output: before.output + event.output_tokens,
      reasoning: before.reasoning + event.reasoning_tokens,
    });
  }
  return [...sums.values()].flatMap((one) => featureUsage(one, catalog, nowMs) ?? []);
}

function expectedGrowth(days: readonly (readonly PastRequest[])[]): number {
  const requests = days.map((day) => day.length);
  const made = forecastSeries(requests, MONTH, { period: 7 });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  if (made.kind !== "forecast") throw new Error("a year is history enough");
  return sum(made.points.map(({ point }) => point)) / sum(requests.slice(-MONTH));
}

/** What the advice says, as an instruction to the gateways. */
function move({ subject, evidence }: Recommendation): Directive {
  const { tier, to, movedShare } = evidence;
  return directive.parse({
    id: "01990000-0000-7000-8000-000000000001",
    issuedBy: { type: "rule", name: "test" },
    reason: "as advised",
    evidence: null,
    issuedAt: 0,
    expiresAt: 8e15,
    kind: "weights",
    params: { tier, feature: subject, weights: { [String(to)]: movedShare }, remainder: "order" },
  });
}

const savedBy = (events: readonly PastRequest[], advice: Recommendation): number =>
  -compareControls(events, {
    recorded: foldControls(catalog, []),
    proposed: foldControls(catalog, [move(advice)]),
  }).costChange;

describe.each([1, 2, 3])(
  "advice to move a feature to a cheaper provider, in a simulated year with seed %i",
  (seed) => {
    const days = year(seed);
    const known = days.slice(0, KNOWN_DAYS);
    const lastMonth = known.slice(-MONTH).flat();
    const nextMonth = days.slice(KNOWN_DAYS).flat();
    const nowMs = nextMonth[0]?.ts ?? 0;
    const quality = new Map([...catalog.providers.values()].map(({ name, quality: grade }) => [name, grade]));
    const usage = usageOf(lastMonth, nowMs);

    it("tells what each move would have saved in the last month, within 10 %, and all of them within 5 %", () => {
      const advice = recommendProviders({ usage, quality, growth: 1 });
      expect(advice.length).toBeGreaterThan(0);
      for (const one of advice) {
        expect(one.evidence).toMatchObject({ from: "dear", to: "middle", tier: "premium" });
        const told = (one.savedIn30Days ?? 0) / savedBy(lastMonth, one);
        expect(told, one.advice).toBeGreaterThan(0.9);
        expect(told, one.advice).toBeLessThan(1.1);
      }
      const told = advice.reduce((sum, { savedIn30Days }) => sum + (savedIn30Days ?? 0), 0);
      const saved = advice.reduce((sum, one) => sum + savedBy(lastMonth, one), 0);
      expect(Math.abs(told / saved - 1)).toBeLessThan(0.05);
    });

    it("foretells what the moves save in the month that comes, within 35 %", () => {
      const advice = recommendProviders({ usage, quality, growth: expectedGrowth(known) });
      const told = advice.reduce((sum, { savedIn30Days }) => sum + (savedIn30Days ?? 0), 0);
      const saved = advice.reduce((sum, one) => sum + savedBy(nextMonth, one), 0);
      expect(told / saved).toBeGreaterThan(1 - WITHIN);
      expect(told / saved).toBeLessThan(1 + WITHIN);
    });
  },
);
