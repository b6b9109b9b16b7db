import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ActionFacts, type ProviderFacts, planAction } from "../../../models/rules/actions.ts";

function provider(name: string, given: Partial<ProviderFacts>): ProviderFacts {
  return { name, quality: 3, typicalCost: 100, requestsToday: 0, spendToday: 0, ...given };
}

const facts: ActionFacts = {
  fallbackProvider: "lite",
  tiers: new Map([
    ["premium", { dailyRequests: 100 }],
    ["single", { dailyRequests: 1 }],
    ["unlimited", { dailyRequests: Number.POSITIVE_INFINITY }],
  ]),
  providers: [
    provider("best", { quality: 5, typicalCost: 1000, requestsToday: 50, spendToday: 50_000 }),
    provider("middle", { quality: 4, typicalCost: 300, requestsToday: 100, spendToday: 30_000 }),
    provider("lite", { quality: 2, typicalCost: 10, requestsToday: 40, spendToday: 400 }),
    provider("other", { quality: 4, typicalCost: 200 }),
    provider("unpriced", { quality: 5, typicalCost: null, requestsToday: 500, spendToday: 0 }),
  ],
};

describe("actions", () => {
  it("cheaper: prefers what costs less than the dearest in use, cheapest first, and avoids the rest", () => {
    expect(planAction({ action: "switch-to-cheaper-provider" }, facts)).toEqual({
      kind: "instruct",
      instruction: { kind: "route", params: { prefer: ["lite", "other", "middle"], avoid: ["best"] } },
    });
  });

  it("better: prefers what is better than the poorest in use, best first, and avoids the rest", () => {
    expect(planAction({ action: "switch-to-higher-quality-provider" }, facts)).toEqual({
      kind: "instruct",
      instruction: { kind: "route", params: { prefer: ["best", "other", "middle"], avoid: ["lite"] } },
    });
  });

  it("a provider with a trifle of the spend does not decide what is the dearest", () => {
    const providers = [
      provider("rare", { typicalCost: 5000, spendToday: 10 }),
      provider("usual", { typicalCost: 500, spendToday: 10_000 }),
      provider("cheap", { typicalCost: 50 }),
    ];
    expect(planAction({ action: "switch-to-cheaper-provider" }, { ...facts, providers })).toMatchObject({
      instruction: { params: { prefer: ["cheap"], avoid: ["usual", "rare"] } },
    });
  });

  it("no tier is sent from the poorest or dearest one in use to one that is worse still", () => {
    const providers = [
      provider("poorest", { quality: 1, typicalCost: 5 }),
      provider("poor", { quality: 2, typicalCost: 10, requestsToday: 50, spendToday: 500 }),
      provider("dear", { quality: 5, typicalCost: 500, requestsToday: 50, spendToday: 50_000 }),
      provider("dearest", { quality: 5, typicalCost: 900 }),
    ];
    const avoided = (action: "switch-to-cheaper-provider" | "switch-to-higher-quality-provider") => {
      const plan = planAction({ action }, { ...facts, providers });
      return plan.kind === "instruct" && plan.instruction.kind === "route"
        ? plan.instruction.params.avoid
        : [];
    };
    expect(avoided("switch-to-cheaper-provider")).toEqual(["dear", "dearest"]);
    expect(avoided("switch-to-higher-quality-provider")).toEqual(["poor", "poorest"]);
  });

  it("without anything cheaper there is nothing to do, and why is said", () => {
    const providers = [provider("only", { spendToday: 5 })];
    expect(planAction({ action: "switch-to-cheaper-provider" }, { ...facts, providers })).toEqual({
      kind: "impossible",
      why: "no provider is cheaper than only",
    });
    expect(planAction({ action: "switch-to-cheaper-provider" }, { ...facts, providers: [] })).toMatchObject({
      kind: "impossible",
    });
  });

  it("the other actions say what they are told", () => {
    expect(planAction({ action: "extend-cache-duration", multiplyMinutes: 3 }, facts)).toMatchObject({
      instruction: { kind: "cache", params: { multiplyMinutes: 3 } },
    });
    expect(planAction({ action: "enable-fallback-provider" }, facts)).toMatchObject({
      instruction: { kind: "route", params: { prefer: ["lite"] } },
    });
    expect(planAction({ action: "switch-provider", provider: "other" }, facts)).toMatchObject({
      instruction: { kind: "route", params: { prefer: ["other"] } },
    });
    expect(planAction({ action: "notify" }, facts)).toEqual({ kind: "notify" });
    const instruction = { kind: "fallback-mode", params: {} } as const;
    expect(planAction({ action: "directive", instruction }, facts)).toEqual({
      kind: "instruct",
      instruction,
    });
  });

  it("raises a plan's requests by what the catalog says, and says why where there is nothing to raise", () => {
    const raise = (tier: string) => planAction({ action: "raise-request-limit", tier, multiply: 1.5 }, facts);
    expect(raise("premium")).toEqual({
      kind: "instruct",
      instruction: { kind: "tier-limit", params: { tier: "premium", dailyRequests: 150 } },
    });
    for (const tier of ["single", "unlimited", "gone"]) expect(raise(tier).kind, tier).toBe("impossible");
  });

  it("a switch to cheaper never prefers the avoided, an unpriced or a dearer provider", () => {
    const anyProvider = fc.record({
      name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      quality: fc.integer({ min: 1, max: 5 }),
      typicalCost: fc.option(fc.integer({ min: 0, max: 1000 })),
      requestsToday: fc.nat(1000),
      spendToday: fc.nat(100_000),
    });
    const providers = fc.uniqueArray(anyProvider, { selector: ({ name }) => name });
    fc.assert(
      fc.property(providers, (given) => {
        const plan = planAction({ action: "switch-to-cheaper-provider" }, { ...facts, providers: given });
        if (plan.kind !== "instruct" || plan.instruction.kind !== "route") return;
        const { prefer, avoid } = plan.instruction.params;
        const costOf = (name: string | undefined) =>
          given.find((candidate) => candidate.name === name)?.typicalCost ?? Number.POSITIVE_INFINITY;
        expect(avoid).not.toHaveLength(0);
        for (const name of prefer) expect(costOf(name)).toBeLessThan(Math.min(...avoid.map(costOf)));
        expect(prefer.map(costOf)).toEqual(prefer.map(costOf).toSorted((a, b) => a - b));
      }),
    );
  });
});
