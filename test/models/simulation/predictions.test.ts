import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../models/domain/catalog.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { compareControls } from "../../../models/simulation/counterfactual.ts";
import { simulatePast } from "../../../models/simulation/past-days.ts";
import type { PastRequest } from "../../../models/simulation/past-request.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

/** Requests a day that nobody reaches, so that a limit can be tried on what people have really asked for. */
const unlimited = tiersWith(-1);
const usual = testCatalog(undefined, unlimited);
const provider = (input: number, output: number, quality: number) => ({
  adapter: "openai",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "any",
  quality,
  price: { inputPerMillion: input, outputPerMillion: output },
});

function tiersWith(dailyRequests: number) {
  const tier = (monthlyPrice: number, allowedProviders: string[]) => ({
    dailyRequests,
    weeklyBudget: 1_000,
    monthlyBudget: 4_000,
    allowedProviders,
    monthlyPrice,
  });
  return { tiers: { free: tier(0, ["cheap"]), premium: tier(9.99, ["cheap", "middle"]) } };
}

function month(seed: number, of: Catalog): PastRequest[] {
  return [...simulatePast({ seed, users: 200, days: 30, startDay: "2026-03-02", catalog: of })].flat();
}

const costOf = (events: readonly PastRequest[]) => events.reduce((total, { cost }) => total + cost, 0);

/** A change, and what a month costs under it: lived through anew, with the same people asking the same. */
interface ScriptedChange {
  readonly what: string;
  readonly catalog: Catalog;
  costAfter(seed: number, before: readonly PastRequest[]): number;
}

const livedThrough = (what: string, more: object): ScriptedChange => {
  const catalog = testCatalog(undefined, { ...unlimited, ...more });
  return { what, catalog, costAfter: (seed) => costOf(month(seed, catalog)) };
};

const CHANGES: readonly ScriptedChange[] = [
  livedThrough("another provider first", {
    routing: { fallbackProvider: "cheap", offPeakProviders: ["middle"] },
  }),
  livedThrough("another provider first in peak hours", {
    routing: {
      fallbackProvider: "cheap",
      peakHours: ["18:00", "19:00", "20:00", "21:00"],
      peakProviders: ["middle"],
    },
  }),
  livedThrough("other prices", {
    providers: { dear: provider(2.5, 10, 5), middle: provider(0.5, 2, 4), cheap: provider(0.2, 0.6, 2) },
  }),
  {
    what: "no cache",
    catalog: testCatalog(undefined, {
      ...unlimited,
      features: { advice: { cache: { minutes: 0, scope: "shared" } } },
    }),
    costAfter: (_seed, before) =>
      costOf(before) + before.reduce((total, { cache_saved: saved }) => total + saved, 0),
  },
  ...[2, 5].map((dailyRequests) => ({
    what: `${dailyRequests} requests a day and user`,
    catalog: testCatalog(undefined, tiersWith(dailyRequests)),
    costAfter: (_seed: number, before: readonly PastRequest[]) =>
      costOf(before.filter(firstOfDay(dailyRequests))),
  })),
];

/** What a refused request tells of itself. */
const REFUSED = {
  outcome: "denied",
  denial_reason: "daily_requests_exceeded",
  provider: "",
  first_provider: "",
  route_reason: "",
  latency_ms: 0,
  input_tokens: 0,
  cached_input_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  cost: 0,
  cache_saved: 0,
  rating: 0,
} as const;

/** The requests of each user and day that come first. */
function firstOfDay(limit: number): (event: PastRequest) => boolean {
  const asked = new Map<string, number>();
  return ({ user_id: user, ts }) => {
    const key = `${user} ${new Date(ts).toISOString().slice(0, 10)}`;
    const count = (asked.get(key) ?? 0) + 1;
    asked.set(key, count);
    return count <= limit;
  };
}

describe.each([1, 2, 3, 4, 5])("the change of a simulated month's cost, seed %i", (seed) => {
  const before = month(seed, usual);

  // What nobody has answered tells neither its length nor whether it was asked before: its feature's means have to do.
  it.each([2, 5])(
    "more than %i requests a day: what was refused is foreseen as served, within a fifth of what it costs",
    (dailyRequests) => {
      const isServed = firstOfDay(dailyRequests);
      const limited = before.map((event) => (isServed(event) ? event : { ...event, ...REFUSED }));
      const { costChange, newlyAdmitted, newlyDenied } = compareControls(limited, {
        recorded: foldControls(testCatalog(undefined, tiersWith(dailyRequests)), []),
        proposed: foldControls(usual, []),
      });
      const realised = costOf(before) - costOf(limited);
      expect(realised / costOf(limited)).toBeGreaterThan(0.01);
      expect(costChange / realised).toBeGreaterThan(0.8);
      expect(costChange / realised).toBeLessThan(1.2);
      expect(newlyAdmitted).toBe(limited.filter(({ outcome }) => outcome === "denied").length);
      expect(newlyDenied).toBe(0);
    },
  );

  it.each(CHANGES)("$what: is foreseen within a tenth of what comes", ({ catalog, costAfter }) => {
    const { costChange } = compareControls(before, {
      recorded: foldControls(usual, []),
      proposed: foldControls(catalog, []),
    });
    const realised = costAfter(seed, before) - costOf(before);
    expect(Math.abs(realised) / costOf(before)).toBeGreaterThan(0.01);
    expect(costChange / realised).toBeGreaterThan(0.9);
    expect(costChange / realised).toBeLessThan(1.1);
  });
});
