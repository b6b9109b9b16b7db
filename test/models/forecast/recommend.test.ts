import { describe, expect, it } from "vitest";
import { hitProbability, summedDays } from "../../../models/forecast/hit-probability.ts";
import { normalCdf } from "../../../models/forecast/normal.ts";
import { budgetRisk, recommendBudget } from "../../../models/forecast/recommend-budget.ts";
import { recommendProviders } from "../../../models/forecast/recommend-provider.ts";
import { recommendTiers } from "../../../models/forecast/recommend-tier.ts";

const USD = 1_000_000_000;

function spend(values: readonly number[], half = 5) {
  return values.map((usd, index) => ({
    step: index + 1,
    point: usd * USD,
    lo80: (usd - half) * USD,
    hi80: (usd + half) * USD,
    lo95: (usd - 1.53 * half) * USD,
    hi95: (usd + 1.53 * half) * USD,
  }));
}

const growing = spend(Array.from({ length: 40 }, (_, day) => 150 + 2 * day));

describe("budgets", () => {
  it("a limit is as likely hit as not on the day whose forecast reaches it", () => {
    expect(budgetRisk({ days: growing, budget: 200 * USD, per: "day" }).likelyIn).toBe(25);
    expect(budgetRisk({ days: growing, budget: 500 * USD, per: "day" }).likelyIn).toBeNull();
  });

  it("advises more before it is hit, less when it protects from nothing, and nothing in between", () => {
    const advise = (budget: number) =>
      recommendBudget({ days: growing, budget: budget * USD, pauseAt: 0.9, per: "day" });
    expect(advise(200)[0]?.advice).toContain("in 25 days");
    expect(advise(2_000)[0]?.advice).toContain("lower one");
    expect(advise(400)).toEqual([]);
  });

  it("the chance to hit it on any day lies between that of the likeliest day and that of days without a common error", () => {
    const days = spend([100, 100, 100, 100, 100], 20);
    const { anyProbability, highestProbability } = budgetRisk({ days, budget: 120 * USD, per: "day" });
    expect(highestProbability).toBeCloseTo(0.1, 3);
    expect(anyProbability).toBeGreaterThan(0.15);
    expect(anyProbability).toBeLessThan(1 - 0.9 ** 5);
    // A single day is itself.
    expect(hitProbability(days.slice(0, 1), 120 * USD)).toBeCloseTo(0.1, 3);
  });

  it("a week is its days together, and what is spent of it is certain", () => {
    const week = summedDays(spend([10, 10], 2), 50 * USD);
    expect(week.point).toBe(70 * USD);
    expect(week.lo80).toBeGreaterThanOrEqual(50 * USD);
    expect(week.hi80 - week.point).toBeGreaterThan(Math.sqrt(8) * USD);
    expect(week.hi80 - week.point).toBeLessThan(4 * USD);
  });

  it("probabilities are those of the normal distribution", () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 6);
    expect(normalCdf(1.2816)).toBeCloseTo(0.9, 4);
    expect(normalCdf(-1.96)).toBeCloseTo(0.025, 4);
  });
});

describe("providers", () => {
  const quality = new Map([
    ["dear", 5],
    ["cheap", 4],
    ["poor", 2],
  ]);
  const usage = {
    feature: "advice",
    tier: "premium",
    provider: "dear",
    calls: 10_000,
    cost: 100 * USD,
    costAt: new Map([
      ["cheap", 20 * USD],
      ["poor", 1 * USD],
    ]),
  };

  it("half of the calls at the cheaper provider save half of the difference, growth included", () => {
    const [move] = recommendProviders({ usage: [usage], quality, growth: 1.5 });
    expect(move).toMatchObject({
      subject: "advice",
      savedIn30Days: 60 * USD,
      evidence: { to: "cheap", qualityChange: -1 },
    });
  });

  it("a saving that costs too much quality is not advised", () => {
    const only = { ...usage, costAt: new Map([["poor", USD]]) };
    expect(recommendProviders({ usage: [only], quality, growth: 1 })).toEqual([]);
  });
});

describe("tiers", () => {
  const tier = { tier: "premium", activeUsers: 100, revenue: 1_000 * USD, cost: 500 * USD, limitedUsers: 5 };

  it("a tier below its margin is named with what would have to be saved", () => {
    expect(recommendTiers([tier])).toMatchObject([{ subject: "premium", savedIn30Days: 200 * USD }]);
  });

  it("limits that refuse too many are named, few users and good margins are not", () => {
    expect(recommendTiers([{ ...tier, cost: 0, limitedUsers: 30 }])).toHaveLength(1);
    expect(recommendTiers([{ ...tier, cost: 0 }])).toEqual([]);
    expect(recommendTiers([{ ...tier, activeUsers: 5 }])).toEqual([]);
  });
});
