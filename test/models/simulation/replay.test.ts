import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../models/domain/catalog.ts";
import { type Directive, directive } from "../../../models/domain/directive.ts";
import { directiveId } from "../../../models/domain/ids.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { hourClock } from "../../../models/policy/hour-of-day.ts";
import { routeRequest } from "../../../models/policy/route.ts";
import { compareControls } from "../../../models/simulation/counterfactual.ts";
import { simulatePast } from "../../../models/simulation/past-days.ts";
import { type PastRequest, pastRequest } from "../../../models/simulation/past-request.ts";
import { seededRandom } from "../../../models/simulation/random.ts";
import { drawRoutedDay } from "../../../models/simulation/routed-day.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const catalog = testCatalog();
const recorded = foldControls(catalog, []);

/** A simulated past under a catalog, as the replay reads it. */
function past({ seed = 1, users = 150, days = 15, of = catalog }): PastRequest[] {
  return [...simulatePast({ seed, users, days, startDay: "2026-03-02", catalog: of })].flat();
}

function under(instruction: object): Directive {
  return directive.parse({
    id: "01990000-0000-7000-8000-000000000001",
    issuedBy: { type: "rule", name: "test" },
    reason: "test",
    evidence: null,
    issuedAt: 0,
    expiresAt: 8e15,
    ...instruction,
  });
}

const sum = (events: readonly PastRequest[]) => events.reduce((total, { cost }) => total + cost, 0);

describe("the counterfactual replay", () => {
  it.each([1, 2, 3, 4, 5])(
    "seed %i: recorded controls give back at least 999 of 1000 recorded decisions",
    (seed) => {
      const events = past({ seed });
      const { identity, costChange, usersAffected, newlyDenied } = compareControls(events, {
        recorded,
        proposed: foldControls(catalog, []),
      });
      expect(events.length).toBeGreaterThan(1_000);
      expect(identity).toBeGreaterThanOrEqual(0.999);
      expect([costChange, usersAffected, newlyDenied]).toEqual([0, 0, 0]);
    },
  );

  it("replays recorded costs to the nano-dollar", () => {
    const events = past({});
    const { recorded: then } = compareControls(events, { recorded, proposed: recorded });
    expect(Math.abs(then.cost - sum(events)) / sum(events)).toBeLessThan(0.001);
  });

  it("predicts the cost of other limits within a tenth of what came of them", () => {
    const tighter: Catalog = {
      ...catalog,
      tiers: new Map([...catalog.tiers].map(([name, tier]) => [name, { ...tier, dailyRequests: 5 }])),
    };
    const events = past({});
    const { proposed } = compareControls(events, { recorded, proposed: foldControls(tighter, []) });
    const kept = events.filter(takeFirst(5));
    expect(proposed.cost / sum(kept)).toBeGreaterThan(0.9);
    expect(proposed.cost / sum(kept)).toBeLessThan(1.1);
  });

  it("says whom a pause would refuse, and that nobody else is touched", () => {
    const events = past({});
    const effect = compareControls(events, {
      recorded,
      proposed: foldControls(catalog, [under({ kind: "pause-non-premium", params: {} })]),
    });
    const free = new Set(events.filter(({ tier }) => tier === "free").map(({ user_id }) => user_id));
    expect(effect.premiumDeniedShare).toBe(0);
    expect(effect.costChange).toBeLessThan(0);
    expect(effect.newlyDenied).toBeGreaterThan(0);
    expect(effect.usersAffected).toBeLessThanOrEqual(free.size);
  });

  it("prices requests at the provider that a route directive prefers", () => {
    const events = past({});
    const effect = compareControls(events, {
      recorded,
      proposed: foldControls(catalog, [
        under({ kind: "route", params: { prefer: ["middle"], avoid: [], tier: "premium" } }),
      ]),
    });
    expect(effect.costChange).toBeGreaterThan(0);
    expect(effect.satisfactionChange).toBeGreaterThan(0);
    expect(effect.newlyDenied).toBeLessThan(events.length * 0.05);
  });

  it("decides as was decided where the weights of a directive have drawn the providers, and draws anew under others", () => {
    const weights = (middle: number, id: string, issuedAt: number) => ({
      ...under({
        kind: "weights",
        params: { tier: "premium", feature: "chat", weights: { middle }, remainder: "order" },
      }),
      id: directiveId.parse(id),
      issuedAt,
    });
    const startMs = Date.UTC(2026, 2, 2);
    const then = foldControls(catalog, [weights(0.3, "01990000-0000-7000-8000-000000000002", startMs)]);
    const day = drawRoutedDay({
      controls: then,
      demand: [{ tier: "premium", feature: "chat", requests: 2_000, inputTokens: 300, outputTokens: 150 }],
      startMs,
      ratedShare: 0,
      truth: new Map(),
      random: seededRandom(1),
    });
    const events = [...day].map(({ event }, at) => ({ ...pastRequest(event), user_id: `user-${at % 200}` }));
    const moved = events.filter(({ first_provider: first }) => first === "middle").length;
    expect(moved / events.length).toBeCloseTo(0.3, 1);
    const same = compareControls(events, { recorded: then, proposed: then });
    expect(same.identity).toBe(1);
    const more = foldControls(catalog, [
      weights(0.3, "01990000-0000-7000-8000-000000000002", startMs),
      weights(0.9, "01990000-0000-7000-8000-000000000003", startMs + 86_400_000),
    ]);
    expect(compareControls(events, { recorded: then, proposed: more }).costChangeShare).toBeGreaterThan(0.3);
  });

  it("expects savings of a longer cache and costs of a shorter one", () => {
    const events = past({});
    const change = (multiplyMinutes: number) =>
      compareControls(events, {
        recorded,
        proposed: foldControls(catalog, [under({ kind: "cache", params: { multiplyMinutes } })]),
      }).costChange;
    expect(change(2)).toBeLessThan(0);
    expect(change(4)).toBeLessThan(change(2));
    expect(change(0)).toBeGreaterThan(0);
  });

  it("trusts a prediction the less, the fewer requests it rests on", () => {
    const events = past({ days: 3 });
    const confidence = (some: readonly PastRequest[]) =>
      compareControls(some, { recorded, proposed: recorded }).confidence;
    expect(confidence([])).toBe(0);
    expect(confidence(events.slice(0, 10))).toBeLessThan(confidence(events));
    expect(confidence(events)).toBeLessThanOrEqual(1);
  });
});

describe("the replay of what the gateway knew at the moment", () => {
  const withLoad = testCatalog(undefined, {
    routing: {
      fallbackProvider: "cheap",
      highLoad: { requestsPerMinute: 1, concurrentUsers: 1, providers: ["middle"] },
    },
  });
  const limited: Catalog = {
    ...withLoad,
    tiers: new Map(
      [...withLoad.tiers].map(([name, tier]) => [
        name,
        { ...tier, allowedProviders: ["cheap", "middle", "dear"] },
      ]),
    ),
    providers: new Map(
      [...withLoad.providers].map(([name, provider]) => [
        name,
        { ...provider, capabilities: { ...provider.capabilities, tools: name === "dear" } },
      ]),
    ),
  };
  const controls = foldControls(limited, []);

  /** The recorded requests, routed by a gateway under load, with a slow provider, for what needs tools. */
  function routedAnew(events: readonly PastRequest[]): PastRequest[] {
    const hours = hourClock(limited.timezone);
    return events.flatMap((event, at) => {
      const tier = limited.tiers.get(event.tier);
      if (tier === undefined || event.outcome !== "ok") return [];
      const needs = at % 7 === 1 ? (["tools"] as const) : [];
      const found = routeRequest({
        controls,
        tier,
        requestedModel: "auto",
        feature: event.feature,
        hourOfDay: hours(event.ts),
        stage: "normal",
        highLoad: at % 2 === 0,
        unavailable: new Set(),
        slow: new Set(at % 5 === 0 ? [tier.allowedProviders[at % tier.allowedProviders.length] ?? ""] : []),
        needs: { capabilities: needs, contextTokens: 0 },
      });
      if (!found.ok) throw new Error(found.message);
      const [first] = found.candidates;
      const provider = first?.provider.name ?? "";
      const reason = first?.reason ?? "";
      const chosen = { provider, first_provider: provider, route_reason: reason, requested_model: "auto" };
      return [{ ...event, ...chosen, needs: [...needs] }];
    });
  }

  it("high load, slow providers and what they cannot do: the recorded controls give back every decision", () => {
    const events = routedAnew(past({ users: 60, days: 5 }));
    const reasons = new Set(events.map(({ route_reason }) => route_reason.replace(/:[^+]*/, "")));
    for (const reason of ["high-load", "slow", "slow+high-load", "unable", "unable+high-load"])
      expect(reasons).toContain(reason);
    const { identity } = compareControls(events, { recorded: controls, proposed: controls });
    expect(identity).toBe(1);
  });
});

/** Whether a request is among the first of its user's day that were not refused. */
function takeFirst(limit: number): (event: PastRequest) => boolean {
  const taken = new Map<string, number>();
  return ({ user_id, ts, outcome }) => {
    if (outcome === "denied") return false;
    const key = `${user_id} ${Math.floor(ts / 86_400_000)}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= limit;
  };
}
