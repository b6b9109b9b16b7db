import { describe, expect, it } from "vitest";
import { mergeCells } from "../../../../models/rules/learning/gather-cells.ts";
import { comparePolicies, type RoutingPolicy } from "../../../../models/rules/learning/off-policy.ts";
import { outcomeSums, type RoutingCell } from "../../../../models/rules/learning/routing-cell.ts";
import { drawNormal, type Random, seededRandom } from "../../../../models/simulation/random.ts";

interface Logged {
  readonly provider: string;
  readonly propensity: number;
  readonly burden: number;
  readonly rating: number;
}

const LOGGING = { usual: 0.8, good: 0.15, bad: 0.05 } as const;
const STARS = { usual: 3.8, good: 4.4, bad: 2.6 } as const;
const BURDEN = { usual: 0.3, good: 0.5, bad: 0.2 } as const;
const NAMES = ["usual", "good", "bad"] as const;
const SATISFACTION = 1.5;
const worth = (name: (typeof NAMES)[number]) => SATISFACTION * STARS[name] - BURDEN[name];

/** Requests routed by chance, a third of them rated, in which stars and burden hang together. */
function log(random: Random, requests: number): Logged[] {
  return Array.from({ length: requests }, () => {
    let rest = random();
    const provider =
      NAMES.find((name) => {
        rest -= LOGGING[name];
        return rest < 0;
      }) ?? "usual";
    const slow = drawNormal(random);
    const rating = random() < 1 / 3 ? STARS[provider] - 0.3 * slow + 0.6 * drawNormal(random) : 0;
    return { provider, propensity: LOGGING[provider], burden: BURDEN[provider] + 0.1 * slow, rating };
  });
}

const cellOf = ({ provider, propensity, burden, rating }: Logged): RoutingCell => ({
  tier: "t",
  feature: "f",
  peak: false,
  provider,
  propensity,
  ...outcomeSums({ cost: 1, inputTokens: 1, outputTokens: 1, burden, rating }),
});

const always =
  (name: string): RoutingPolicy =>
  ({ provider }) =>
    provider === name ? 1 : 0;
const present = always("usual");
const mixed: RoutingPolicy = ({ provider }) => ({ usual: 0.1, good: 0.9 })[provider] ?? 0;

describe("the off-policy evaluation", () => {
  it("out of sums is what it is request by request", () => {
    const logged = log(seededRandom(1), 3_000);
    const found = comparePolicies(mergeCells(logged.map(cellOf)), { proposed: mixed, present }, SATISFACTION);
    const direct = requestByRequest(logged, mixed);
    expect(found?.estimate).toBeCloseTo(direct.estimate, 9);
    expect(found?.error).toBeCloseTo(direct.error, 9);
    expect(found?.effectiveRequests).toBeCloseTo(direct.effective, 6);
  });

  it("holds the truth within two standard errors in about 95 of 100 logs, and is right on average", () => {
    const truth = 0.9 * (worth("good") - worth("usual"));
    const found = Array.from({ length: 200 }, (_, seed) =>
      comparePolicies(
        mergeCells(log(seededRandom(seed), 2_500).map(cellOf)),
        { proposed: mixed, present },
        SATISFACTION,
      ),
    ).filter((one) => one !== null);
    expect(found.length).toBe(200);
    const within = found.filter(({ estimate, error }) => Math.abs(estimate - truth) < 1.96 * error).length;
    expect(within / found.length).toBeGreaterThan(0.91);
    expect(within / found.length).toBeLessThan(0.985);
    const mean = found.reduce((sum, { estimate }) => sum + estimate, 0) / found.length;
    expect(mean).toBeCloseTo(truth, 1);
  });

  it("does not take a worse routing for a better one", () => {
    const wrong = Array.from({ length: 100 }, (_, seed) =>
      comparePolicies(
        mergeCells(log(seededRandom(seed), 3_000).map(cellOf)),
        { proposed: always("bad"), present },
        SATISFACTION,
      ),
    ).filter((one) => one !== null && one.estimate > 2 * one.error);
    expect(wrong).toEqual([]);
  });

  it("finds no difference of a routing with itself", () => {
    const cells = mergeCells(log(seededRandom(2), 2_000).map(cellOf));
    expect(comparePolicies(cells, { proposed: present, present }, SATISFACTION)).toMatchObject({
      estimate: 0,
      error: 0,
    });
  });

  it("says nothing where nobody chose by chance, or too few were", () => {
    const certain = log(seededRandom(3), 2_000).map((one) => cellOf({ ...one, propensity: 1 }));
    expect(comparePolicies(certain, { proposed: mixed, present }, SATISFACTION)).toBeNull();
    const few = log(seededRandom(4), 60).map(cellOf);
    expect(comparePolicies(few, { proposed: mixed, present }, SATISFACTION)).toBeNull();
  });
});

/** The same by its definition, with every request by itself. */
function requestByRequest(logged: readonly Logged[], policy: RoutingPolicy) {
  const estimate = (of: RoutingPolicy) => {
    const weights = logged.map((one) => of(cellOf(one)) / one.propensity);
    const sum = (value: (one: Logged, weight: number) => number) =>
      logged.reduce((total, one, at) => total + value(one, weights[at] ?? 0), 0);
    const all = sum((_, weight) => weight);
    const rated = sum(({ rating }, weight) => (rating > 0 ? weight : 0));
    const stars = sum(({ rating }, weight) => weight * rating) / rated;
    const burden = sum((one, weight) => weight * one.burden) / all;
    return {
      value: SATISFACTION * stars - burden,
      influences: logged.map((one, at) => {
        const weight = weights[at] ?? 0;
        const ofRating = one.rating > 0 ? (SATISFACTION * weight * (one.rating - stars)) / rated : 0;
        return ofRating - (weight * (one.burden - burden)) / all;
      }),
      effective: all ** 2 / sum((_, weight) => weight ** 2),
    };
  };
  const [a, b] = [estimate(policy), estimate(present)];
  const squares = a.influences.reduce((sum, one, at) => sum + (one - (b.influences[at] ?? 0)) ** 2, 0);
  return {
    estimate: a.value - b.value,
    error: Math.sqrt(squares),
    effective: Math.min(a.effective, b.effective),
  };
}
