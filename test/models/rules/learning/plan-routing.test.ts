import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../models/domain/catalog.ts";
import { foldControls } from "../../../../models/policy/controls.ts";
import { DEMAND_MARGIN } from "../../../../models/rules/learning/exploration.ts";
import { type LearningRound, planRouting } from "../../../../models/rules/learning/plan-routing.ts";
import type { RoutingCell } from "../../../../models/rules/learning/routing-cell.ts";
import {
  type LearnedDaysOptions,
  learnedDays,
  trueValues,
} from "../../../../models/simulation/learned-days.ts";
import { seededRandom } from "../../../../models/simulation/random.ts";
import { testCatalog } from "../../../pipeline/test-catalog.ts";

const USD = 1_000_000_000;
const provider = (input: number, output: number, more: object) => ({
  adapter: "openai",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "any",
  price: { inputPerMillion: input, outputPerMillion: output },
  ...more,
});
const tier = (allowedProviders: string[]) => ({
  dailyRequests: -1,
  weeklyBudget: 50,
  monthlyBudget: 200,
  allowedProviders,
});

function catalogWith(learning: object = {}): Catalog {
  return testCatalog(
    { targetDailySpend: 10, learning: { mode: "act", explorationDailyBudget: 2, ...learning } },
    {
      tiers: { free: tier(["cheap", "poor"]), premium: tier(["cheap", "middle", "poor"]) },
      providers: {
        middle: provider(0.5, 2, { quality: 4, speed: 3 }),
        cheap: provider(0.1, 0.4, { quality: 3.5, speed: 4 }),
        poor: provider(0.05, 0.2, { quality: 1.5, speed: 5 }),
      },
      routing: { fallbackProvider: "cheap", peakHours: ["18:00"], peakProviders: ["middle"] },
    },
  );
}

const grades = (qualities: Record<string, number>) =>
  new Map(Object.entries(qualities).map(([name, quality]) => [name, { quality }]));

describe("the learned routing on simulated requests", () => {
  const options = (seed: number, truth: LearnedDaysOptions["truth"]): LearnedDaysOptions => ({
    catalog: catalogWith(),
    days: 24,
    seed,
    startMs: Date.UTC(2026, 0, 5),
    demand: ["chat", "advice"].map((feature) => ({
      tier: "premium",
      feature,
      requests: 800,
      inputTokens: 300,
      outputTokens: 150,
    })),
    ratedShare: 0.1,
    truth,
  });

  it.each([1, 2, 3])("finds what is best although the catalog's grades are wrong, seed %i", (seed) => {
    const world = options(seed, () => grades({ cheap: 2 }));
    const days = [...learnedDays(world)];
    for (const demand of world.demand) {
      const values = trueValues(world, demand);
      expect(values.get("middle")).toBeGreaterThan((values.get("cheap") ?? 0) + 0.2);
      const last = days.at(-1)?.proposals.find(({ feature }) => feature === demand.feature);
      expect(last).toMatchObject({ stage: "lead", leader: "middle" });
    }
    const served = days.slice(-3).flatMap(({ requests }) => requests);
    const best = served.filter(({ event }) => event.attempts[0]?.provider === "middle").length;
    expect(best / served.length).toBeGreaterThan(0.85);
  });

  it.each([1, 2, 3])(
    "leaves the usual routing alone where it is the best, and costs at most its budget, seed %i",
    (seed) => {
      const world = options(seed, () => new Map([["middle", { quality: 2.5, speed: 1 }]]));
      for (const { proposals, requests, explored } of learnedDays(world)) {
        expect(explored).toBeLessThanOrEqual(2 * USD);
        expect(proposals.filter(({ stage, leader }) => stage === "lead" && leader !== "cheap")).toEqual([]);
        expect(requests.some(({ event }) => event.attempts[0]?.provider === "poor")).toBe(false);
      }
    },
  );

  it("takes its traffic away again from a leader that gets worse", () => {
    const lastGoodDay = 30;
    const world = options(4, (day) =>
      day <= lastGoodDay ? grades({ cheap: 2 }) : grades({ cheap: 4, middle: 1 }),
    );
    const leads = [...learnedDays({ ...world, days: 60 })].map(({ proposals }) =>
      proposals.some(({ stage, leader }) => stage === "lead" && leader === "middle"),
    );
    expect(leads[lastGoodDay]).toBe(true);
    expect(leads.at(-1)).toBe(false);
  });

  it("is the same for the same seed", () => {
    const plans = () =>
      [...learnedDays({ ...options(5, () => new Map()), days: 5 })].map(({ proposals }) => proposals);
    expect(JSON.stringify(plans())).toBe(JSON.stringify(plans()));
  });
});

const sums = fc
  .record({
    requests: fc.integer({ min: 1, max: 50_000 }),
    meanCost: fc.integer({ min: 0, max: 50_000_000 }),
    meanBurden: fc.double({ min: 0, max: 3, noNaN: true }),
    ratedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    meanStars: fc.double({ min: 1, max: 5, noNaN: true }),
  })
  .map(({ requests, meanCost, meanBurden, ratedShare, meanStars }) => {
    const ratings = Math.floor(requests * ratedShare);
    return {
      requests,
      cost: requests * meanCost,
      inputTokens: requests * 300,
      outputTokens: requests * 150,
      burden: requests * meanBurden,
      burdenSquares: requests * meanBurden ** 2 * 1.5,
      ratings,
      stars: ratings * meanStars,
      starSquares: ratings * (meanStars ** 2 + 0.5),
      ratedBurden: ratings * meanBurden,
      ratedProducts: ratings * meanBurden * meanStars,
    };
  });

const cell: fc.Arbitrary<RoutingCell> = fc
  .tuple(
    fc.record({
      tier: fc.constantFrom("free", "premium", "unknown"),
      feature: fc.constantFrom("chat", "advice", "plan"),
      peak: fc.boolean(),
      provider: fc.constantFrom("cheap", "middle", "poor", "gone"),
      propensity: fc.constantFrom(0.01, 0.05, 0.5, 0.9, 1),
    }),
    sums,
  )
  .map(([choice, outcome]) => ({ ...choice, ...outcome }));

const round = fc.record({
  cells: fc.array(cell, { maxLength: 40 }),
  budget: fc.double({ min: 0, max: 20, noNaN: true }),
  maxExploreShare: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
  exploredToday: fc.integer({ min: 0, max: 30 * USD }),
  restOfDay: fc.double({ min: 0, max: 1, noNaN: true }),
  seed: fc.integer({ min: 0, max: 1_000 }),
  leader: fc.constantFrom("cheap", "middle", "poor"),
});

type Given = typeof round extends fc.Arbitrary<infer Value> ? Value : never;

function roundOf({ cells, budget, maxExploreShare, seed, leader, ...more }: Given): LearningRound {
  const catalog = catalogWith({ explorationDailyBudget: budget, maxExploreShare });
  return {
    controls: foldControls(catalog, []),
    settings: catalog.automation.learning,
    cells,
    days: 7,
    drained: new Set(),
    nowMs: Date.UTC(2026, 5, 1),
    leading: new Map([['["premium","chat"]', leader]]),
    random: seededRandom(seed),
    ...more,
  };
}

describe("whatever became of requests, the learned routing", () => {
  it("never plans to spend more on exploring than the day's budget, nor than what is left of it", () => {
    fc.assert(
      fc.property(round, (given) => {
        const one = roundOf(given);
        const planned = planRouting(one);
        const daily = planned.reduce((sum, { exploration }) => sum + exploration.dailyCost, 0);
        const budget = one.settings.explorationDailyBudget;
        expect(daily).toBeLessThanOrEqual(budget * (1 + 1e-9));
        const left = Math.max(0, budget - given.exploredToday);
        expect(daily * given.restOfDay).toBeLessThanOrEqual(left * (1 + 1e-9) + 1e-6);
        expect(DEMAND_MARGIN).toBeGreaterThan(1);
      }),
    );
  });

  it("keeps its floors: only the tier's providers, none below its grade, and no more elsewhere than may be", () => {
    fc.assert(
      fc.property(round, (given) => {
        const one = roundOf(given);
        for (const { tier: name, instruction, exploration, leader, stage } of planRouting(one)) {
          const { weights, remainder } = instruction.params;
          const allowed = one.controls.tiers.get(name)?.allowedProviders ?? [];
          for (const [provider, weight] of Object.entries(weights)) {
            expect(allowed).toContain(provider);
            expect(provider).not.toBe("poor");
            expect(weight).toBeGreaterThan(0);
          }
          expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(
            1 + 1e-9,
          );
          expect(remainder).toBe("order");
          expect(exploration.share).toBeLessThanOrEqual(given.maxExploreShare + 1e-9);
          if (stage === "lead") expect(weights[leader]).toBeGreaterThan(0.59);
        }
      }),
    );
  });
});
