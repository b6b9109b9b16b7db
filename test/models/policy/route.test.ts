import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DirectiveInstruction } from "../../../models/domain/directive.ts";
import type { RequestNeeds } from "../../../models/policy/ability.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { type RouteQuestion, routeRequest } from "../../../models/policy/route.ts";
import { routeFactsOf } from "../../../models/policy/route-reason.ts";
import { catalogDocument, testCatalog } from "../../support/test-catalog.ts";
import { issue } from "./issue.ts";

const catalog = testCatalog({
  routing: {
    peakHours: ["18:00"],
    peakProviders: ["cheap"],
    offPeakProviders: ["best", "good"],
    highLoad: { requestsPerMinute: 1, concurrentUsers: 1, providers: ["cheap", "fallback"] },
  },
});
const plain = testCatalog();

type Asked = Partial<Omit<RouteQuestion, "controls" | "tier">> & {
  tierName?: string;
  directives?: readonly DirectiveInstruction[];
  on?: typeof catalog;
};

function route({ tierName = "unlimited", directives = [], on = plain, ...more }: Asked) {
  let issuedAt = 0;
  const controls = foldControls(
    on,
    directives.map((one) => issue(one, { issuedAt: ++issuedAt })),
  );
  return routeRequest({
    controls,
    tier: controls.tiers.get(tierName) ?? on.defaultTier,
    requestedModel: "auto",
    feature: "advice",
    hourOfDay: 12,
    stage: "normal",
    highLoad: false,
    unavailable: new Set(),
    ...more,
  });
}

/** `provider (reason)`, or the code of the refusal. */
function answer(asked: Asked): string[] {
  const result = route(asked);
  if (!result.ok) return [result.code];
  return result.candidates.map(({ provider, reason }) => `${provider.name} (${reason.replace(/:.*/, "")})`);
}

const ROUTE = (params: Extract<DirectiveInstruction, { kind: "route" }>["params"]) =>
  ({ kind: "route", params }) as const;
const FALLBACK = { kind: "fallback-mode", params: {} } as const;

describe("auto", () => {
  test("gives what the tier lists, in its order", () => {
    expect(answer({})).toEqual(["best (tier-order)", "good (tier-order)", "cheap (tier-order)"]);
    expect(answer({ tierName: "free" })).toEqual(["cheap (tier-order)", "fallback (tier-order)"]);
  });

  test("prefers the list of the hour", () => {
    expect(answer({ on: catalog, hourOfDay: 18 })).toEqual([
      "cheap (peak)",
      "best (tier-order)",
      "good (tier-order)",
    ]);
    expect(answer({ on: catalog, hourOfDay: 19, tierName: "premium" })).toEqual([
      "good (off-peak)",
      "cheap (tier-order)",
    ]);
  });

  test("under high load, the high-load list comes first and then the cheapest", () => {
    expect(answer({ on: catalog, highLoad: true })).toEqual([
      "cheap (high-load)",
      "good (high-load)",
      "best (high-load)",
    ]);
  });

  test("obeys route directives before everything else, the newest first", () => {
    const directives = [
      ROUTE({ prefer: ["good"], avoid: [] }),
      ROUTE({ prefer: ["cheap", "good"], avoid: ["best"] }),
    ];
    expect(answer({ on: catalog, highLoad: true, directives })).toEqual([
      "cheap (directive)",
      "good (directive)",
      "best (high-load)",
    ]);
    const reversed = [...directives].reverse();
    expect(answer({ directives: reversed })[0]).toBe("good (directive)");
  });

  test("obeys a route directive for its tier and feature only", () => {
    const directives = [ROUTE({ prefer: ["cheap"], avoid: [], tier: "unlimited", feature: "advice" })];
    expect(answer({ directives })[0]).toBe("cheap (directive)");
    expect(answer({ directives, feature: "other" })[0]).toBe("best (tier-order)");
    expect(answer({ directives, tierName: "premium" })[0]).toBe("good (tier-order)");
  });

  test("leaves out what is drained, unavailable or without a price", () => {
    const drain = { kind: "provider", params: { provider: "best", action: "drain" } } as const;
    expect(answer({ directives: [drain], unavailable: new Set(["good"]) })).toEqual(["cheap (tier-order)"]);
    expect(answer({ unavailable: new Set(["best", "good", "cheap"]) })).toEqual(["no_provider"]);
    expect(answer({ on: unpriced("best") })).toEqual(["good (tier-order)", "cheap (tier-order)"]);
    expect(answer({ on: unpriced("best", "good", "cheap") })).toEqual(["unpriced_model"]);
  });

  test("draws the first provider by weight where a weights directive is in force", () => {
    const weights = { kind: "weights", params: { weights: { good: 0.25, cheap: 0.75 } } } as const;
    const first = (draw: number) => answer({ directives: [weights], draw })[0];
    expect([0, 0.2499, 0.25, 0.9999].map(first)).toEqual([
      "good (directive)",
      "good (directive)",
      "cheap (directive)",
      "cheap (directive)",
    ]);
    expect(answer({ directives: [weights] })[0]).toBe("best (tier-order)");
    const preferred = ROUTE({ prefer: ["best"], avoid: [] });
    expect(answer({ directives: [preferred, weights], draw: 0.9 })[0]).toBe("best (directive)");
  });
});

describe("a weights directive", () => {
  const weights = (given: Record<string, number>, remainder?: "order") =>
    ({ kind: "weights", params: { weights: given, ...(remainder !== undefined && { remainder }) } }) as const;

  test("leaves to the usual order what the weights leave of 1, where it says so", () => {
    const first = (draw: number) => answer({ directives: [weights({ cheap: 0.1 }, "order")], draw })[0];
    expect([0.05, 0.1, 0.95].map(first)).toEqual([
      "cheap (directive)",
      "best (tier-order)",
      "best (tier-order)",
    ]);
    const alone = (draw: number) => answer({ directives: [weights({ cheap: 0.1 })], draw })[0];
    expect([0.05, 0.95].map(alone)).toEqual(["cheap (directive)", "cheap (directive)"]);
  });

  test("gives way to high load", () => {
    const directives = [weights({ best: 1 })];
    expect(answer({ on: catalog, highLoad: true, directives, draw: 0.5 })[0]).toBe("cheap (high-load)");
  });

  test("tells with which probability the first provider came to be it, whatever is slow or cannot be called", () => {
    const DRAWS = 400;
    const names = fc.uniqueArray(fc.constantFrom("best", "good", "cheap"), { maxLength: 2 });
    const share = fc.double({ min: 0, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({ best: share, good: share, cheap: share, fallback: share }),
        fc.constantFrom(undefined, "order" as const),
        names,
        names,
        (given, remainder, slow, unavailable) => {
          const told = new Map<string, number>();
          const counted = new Map<string, number>();
          for (let at = 0; at < DRAWS; at += 1) {
            const found = route({
              directives: [weights(given, remainder)],
              draw: (at + 0.5) / DRAWS,
              slow: new Set(slow),
              unavailable: new Set(unavailable),
            });
            const [first] = found.ok ? found.candidates : [];
            if (first === undefined)
              throw new Error("three providers, at most two of which cannot be called");
            counted.set(first.provider.name, (counted.get(first.provider.name) ?? 0) + 1 / DRAWS);
            told.set(first.provider.name, first.propensity ?? 1);
          }
          // A share is made of few stretches of draws, each counted to one of them.
          for (const [name, share] of counted)
            expect(Math.abs((told.get(name) ?? 0) - share)).toBeLessThanOrEqual(4 / DRAWS);
          expect([...told.values()].reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
      // A slow one of little weight, after which the one with most of it comes.
      { examples: [[{ best: 0.0001, good: 0, cheap: 0.002, fallback: 0 }, undefined, ["best"], []]] },
    );
  });

  test("is silent where the order leaves no choice", () => {
    const found = route({});
    expect(found.ok && found.candidates[0]?.propensity).toBeUndefined();
  });
});

describe("a provider asked for by name", () => {
  test("is tried alone", () => {
    expect(answer({ requestedModel: "cheap" })).toEqual(["cheap (requested)"]);
  });

  test("is refused with a clear code when there is none, when the tier may not, when it has no price or cannot be called", () => {
    expect(answer({ requestedModel: "gpt-99" })).toEqual(["unknown_model"]);
    expect(answer({ requestedModel: "best", tierName: "free" })).toEqual(["model_not_allowed"]);
    expect(answer({ requestedModel: "best", on: unpriced("best") })).toEqual(["unpriced_model"]);
    expect(answer({ requestedModel: "best", unavailable: new Set(["best"]) })).toEqual(["no_provider"]);
    const drain = { kind: "provider", params: { provider: "best", action: "drain" } } as const;
    expect(answer({ requestedModel: "best", directives: [drain] })).toEqual(["no_provider"]);
  });
});

describe("fallback mode", () => {
  test("sends a tier that lists the fallback provider there and nowhere else", () => {
    expect(answer({ tierName: "free", directives: [FALLBACK] })).toEqual(["fallback (fallback-mode)"]);
    expect(answer({ tierName: "free", stage: "fallback" })).toEqual(["fallback (safeguard)"]);
    const unavailable = new Set(["fallback"]);
    expect(answer({ tierName: "free", stage: "fallback", unavailable })).toEqual(["no_provider"]);
  });

  test("sends a tier that does not list it to its cheapest provider that can be called", () => {
    expect(answer({ directives: [FALLBACK] })).toEqual(["cheap (fallback-mode)"]);
    expect(answer({ stage: "fallback", unavailable: new Set(["cheap"]) })).toEqual(["good (safeguard)"]);
  });

  test("holds for a provider asked for by name, too, and forgives nothing", () => {
    expect(answer({ requestedModel: "best", directives: [FALLBACK] })).toEqual(["cheap (fallback-mode)"]);
    expect(answer({ requestedModel: "best", tierName: "free", directives: [FALLBACK] })).toEqual([
      "model_not_allowed",
    ]);
  });
});

test("no request ever reaches a provider that its tier does not list, that is drained, unavailable or unpriced", () => {
  const names = ["best", "good", "cheap", "fallback"];
  const some = fc.subarray(names);
  fc.assert(
    fc.property(
      fc.record({
        tierName: fc.constantFrom("free", "premium", "unlimited"),
        requestedModel: fc.constantFrom("auto", ...names),
        prefer: some,
        avoid: some,
        drained: some,
        unavailable: some,
        fallbackMode: fc.boolean(),
        stage: fc.constantFrom("normal", "paused", "fallback"),
        highLoad: fc.boolean(),
        hourOfDay: fc.nat(23),
        draw: fc.double({ min: 0, max: 0.999, noNaN: true }),
      }),
      ({ prefer, avoid, drained, unavailable, fallbackMode, ...more }) => {
        const directives: DirectiveInstruction[] = [
          ROUTE({ prefer, avoid }),
          { kind: "weights", params: { weights: { best: 0.5, fallback: 0.5 } } },
          ...drained.map(
            (provider) => ({ kind: "provider", params: { provider, action: "drain" } }) as const,
          ),
          ...(fallbackMode ? [FALLBACK] : []),
        ];
        const result = route({ ...more, on: catalog, directives, unavailable: new Set(unavailable) });
        if (!result.ok) return;
        const reached = result.candidates.map(({ provider }) => provider.name);
        const allowed = catalog.tiers.get(more.tierName)?.allowedProviders ?? [];
        expect(new Set(reached).size).toBe(reached.length);
        for (const name of reached) {
          expect(allowed).toContain(name);
          expect([...drained, ...unavailable]).not.toContain(name);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

function unpriced(...names: readonly string[]) {
  const { providers } = catalogDocument();
  const entries = Object.entries(Object(providers)).map(([name, entry]) => {
    if (!names.includes(name)) return [name, entry];
    const { price: _, ...rest } = Object(entry);
    return [name, rest];
  });
  return testCatalog({ providers: Object.fromEntries(entries) });
}

describe("what a model cannot do", () => {
  const limited = testCatalog({
    providers: Object.fromEntries(
      Object.entries(catalogDocument().providers as Record<string, object>).map(([name, entry]) => [
        name,
        {
          ...entry,
          ...(name === "best" && { capabilities: { tools: false }, contextTokens: 8_000 }),
          ...(name === "good" && { capabilities: { images: false } }),
          ...(name === "fallback" && { capabilities: { tools: false } }),
        },
      ]),
    ),
  });
  const needs = (capabilities: RequestNeeds["capabilities"], contextTokens = 1_000) => ({
    capabilities,
    contextTokens,
  });

  test("goes to the next one that can, with the reason", () => {
    expect(answer({ on: limited, needs: needs([]) })).toEqual([
      "best (tier-order)",
      "good (tier-order)",
      "cheap (tier-order)",
    ]);
    expect(answer({ on: limited, needs: needs(["tools"]) })).toEqual(["good (unable)", "cheap (tier-order)"]);
    expect(answer({ on: limited, needs: needs(["tools", "images"]) })).toEqual(["cheap (unable)"]);
    expect(answer({ on: limited, needs: needs([], 8_001) })).toEqual(["good (unable)", "cheap (tier-order)"]);
    const underLoad = route({ on: limited, needs: needs(["tools"]), highLoad: true });
    expect(underLoad.ok && underLoad.candidates[0]?.reason).toBe("unable:best+high-load");
  });

  test("is refused where it is asked for by name, or where nobody of the tier can", () => {
    const named = route({ on: limited, requestedModel: "best", needs: needs(["tools"]) });
    expect(named).toMatchObject({
      ok: false,
      code: "unsupported_request",
      message: expect.stringContaining("tools"),
    });
    const long = route({ on: limited, requestedModel: "best", needs: needs([], 9_000) });
    expect(long).toMatchObject({
      ok: false,
      code: "unsupported_request",
      message: expect.stringContaining("8000"),
    });
    const none = testCatalog({
      ...catalogDocument(),
      providers: Object.fromEntries(
        Object.entries(catalogDocument().providers as Record<string, object>).map(([name, entry]) => [
          name,
          { ...entry, capabilities: { jsonSchema: false } },
        ]),
      ),
    });
    expect(answer({ on: none, needs: needs(["jsonSchema"]) })).toEqual(["unsupported_request"]);
    expect(answer({ on: none, needs: needs(["tools"]) })[0]).toBe("best (tier-order)");
  });

  test("is nobody's fault when who can is away: that passes", () => {
    const away = { unavailable: new Set(["good", "cheap"]) };
    expect(answer({ on: limited, needs: needs(["tools"]), ...away })).toEqual(["no_provider"]);
  });

  test("holds in fallback mode, too: the cheapest that can", () => {
    const inFallback = { on: limited, tierName: "free", directives: [FALLBACK] };
    expect(answer({ ...inFallback, needs: needs([]) })).toEqual(["fallback (fallback-mode)"]);
    expect(answer({ ...inFallback, needs: needs(["tools"]) })).toEqual(["cheap (fallback-mode)"]);
  });
});

describe("a route's reason", () => {
  test.each([
    ["tier-order", { highLoad: false, slow: null }],
    ["high-load", { highLoad: true, slow: null }],
    ["retry:high-load", { highLoad: true, slow: null }],
    ["slow:best", { highLoad: false, slow: "best" }],
    ["fallback:slow:best+high-load", { highLoad: true, slow: "best" }],
    ["slow:high-load", { highLoad: false, slow: "high-load" }],
    ["unable:best+high-load", { highLoad: true, slow: null }],
    ["directive:high-load", { highLoad: false, slow: null }],
  ])("%s tells the load, and who was slow", (reason, facts) => {
    expect(routeFactsOf(reason)).toEqual(facts);
  });

  test("tells that the load was high when a slow provider was passed over", () => {
    const found = route({ highLoad: true, slow: new Set(["best"]) });
    if (!found.ok) throw new Error(found.code);
    expect(routeFactsOf(found.candidates[0]?.reason ?? "")).toEqual({ highLoad: true, slow: "best" });
  });
});
