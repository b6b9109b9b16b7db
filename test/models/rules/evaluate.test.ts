import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Directive, directive } from "../../../models/domain/directive.ts";
import { type Rule, rule } from "../../../models/domain/rule.ts";
import { evaluateRules, HOUR_MS, type RuleRound, type RuleState } from "../../../models/rules/evaluate.ts";
import { explainDecision } from "../../../models/rules/explain.ts";
import { metricValues } from "./metric-values.ts";

const NOW = 1_800_000_000_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

const METRICS = metricValues({
  daily_spend: 13,
  hourly_spend: 1,
  target_spend: 10,
  daily_budget: 200,
  weekly_budget: 1000,
  requests_per_minute: 5,
  users_online: 3,
});

function makeRule(given: object): Rule {
  return rule.parse({
    name: "r",
    when: "daily_spend > target_spend",
    then: { action: "fallback-mode" },
    ...given,
  });
}

function makeRound(given: Partial<RuleRound>): RuleRound {
  return {
    rules: [],
    mode: "act",
    metrics: METRICS,
    facts: { providers: [], fallbackProvider: "lite", tiers: new Map() },
    states: new Map(),
    active: [],
    changesAtMs: [],
    maxChangesPerHour: 6,
    nowMs: NOW,
    ...given,
  };
}

function outcomesOf(round: RuleRound) {
  return evaluateRules(round).decisions.map(({ rule: { name }, outcome }) => [name, outcome.kind]);
}

const limit = (requestsPerMinute: number) => ({ action: "rate-limit", requestsPerMinute, scope: "global" });

describe("a rule", () => {
  it("whose condition would never come to an end fails alone, and the others decide", () => {
    const ten = "[1,2,3,4,5,6,7,8,9,10]";
    const endless = ["a", "b", "c", "d", "e", "f"].reduce(
      (body, name) => `${ten}.all(${name}, ${body})`,
      "1 > 0",
    );
    const rules = [
      makeRule({ name: "endless", when: endless, priority: "high" }),
      makeRule({ name: "sound" }),
    ];
    expect(outcomesOf(makeRound({ rules }))).toEqual([
      ["endless", "condition-error"],
      ["sound", "fired"],
    ]);
  });

  it("fires when its condition holds, and says with which numbers", () => {
    const [decision] = evaluateRules(makeRound({ rules: [makeRule({})] })).decisions;
    expect(decision?.outcome).toMatchObject({ kind: "fired", instruction: { kind: "fallback-mode" } });
    expect(decision && explainDecision(decision)).toBe(
      "daily_spend > target_spend (daily_spend = 13, target_spend = 10)",
    );
  });

  it("whose metric is unknown is not evaluated", () => {
    const [decision] = evaluateRules(
      makeRound({ rules: [makeRule({ when: "cache_hit_rate < 0.3" })] }),
    ).decisions;
    expect(decision?.outcome).toEqual({ kind: "unknown-metric", metric: "cache_hit_rate" });
    expect(decision && explainDecision(decision)).toMatch(/not evaluated, unknown cache_hit_rate$/);
  });

  it("fires only when its condition has held without a break for its time", () => {
    const rules = [makeRule({ holdSeconds: 10 })];
    let states: ReadonlyMap<string, RuleState> = new Map();
    const step = (second: number, daily_spend: number) => {
      const metrics = { ...METRICS, daily_spend };
      const result = evaluateRules(makeRound({ rules, states, metrics, nowMs: NOW + second * SECOND_MS }));
      states = result.states;
      return result.decisions[0]?.outcome.kind;
    };
    expect([step(0, 13), step(8, 13), step(9, 5), step(10, 13), step(18, 13), step(20, 13)]).toEqual([
      "holding",
      "holding",
      "not-met",
      "holding",
      "holding",
      "fired",
    ]);
  });

  it("is suppressed while the same directive is in force, whoever issued it", () => {
    const active: Directive[] = [
      directive.parse({
        id: "01936b3e-0000-7000-8000-000000000000",
        issuedBy: { type: "admin", name: "admin" },
        reason: "x",
        evidence: null,
        issuedAt: NOW - 1,
        expiresAt: NOW + 1000,
        kind: "rate-limit",
        params: { scope: "global", requestsPerMinute: 60 },
      }),
    ];
    const rules = [makeRule({ name: "same", then: limit(60) }), makeRule({ name: "other", then: limit(61) })];
    expect(outcomesOf(makeRound({ rules, active }))).toEqual([
      ["same", "suppressed"],
      ["other", "fired"],
    ]);
  });

  it("of two that want the same, the more urgent one issues it", () => {
    const rules = [
      makeRule({ name: "late", priority: "low" }),
      makeRule({ name: "early", priority: "high" }),
    ];
    expect(outcomesOf(makeRound({ rules }))).toEqual([
      ["early", "fired"],
      ["late", "suppressed"],
    ]);
  });

  it("that is disabled, and any in mode off, is not evaluated, but not forgotten", () => {
    const states = new Map([["r", { lastFiredAtMs: NOW - 5, holdsSinceMs: null }]]);
    const off = evaluateRules(makeRound({ rules: [makeRule({})], mode: "off", states }));
    expect(off.decisions).toEqual([]);
    expect(off.states).toEqual(states);
    expect(outcomesOf(makeRound({ rules: [makeRule({ enabled: false })] }))).toEqual([]);
  });

  it("only observes in mode observe, and cools down all the same", () => {
    const first = evaluateRules(makeRound({ rules: [makeRule({})], mode: "observe" }));
    expect(first.decisions[0]?.outcome.kind).toBe("observed");
    const second = makeRound({
      rules: [makeRule({})],
      mode: "observe",
      states: first.states,
      nowMs: NOW + 1,
    });
    expect(outcomesOf(second)).toEqual([["r", "cooling-down"]]);
  });
});

describe("the guard rails", () => {
  const manyRules = fc.array(
    fc.record({
      priority: fc.constantFrom("high", "medium", "low"),
      cooldownMinutes: fc.constantFrom(0, 1, 15, 60),
      holdSeconds: fc.constantFrom(0, 30),
      then: fc.integer({ min: 1, max: 5 }).map(limit),
    }),
    { minLength: 1, maxLength: 8 },
  );
  const steps = fc.array(
    fc.record({ seconds: fc.integer({ min: 1, max: 900 }), spend: fc.constantFrom(5, 13) }),
    {
      maxLength: 60,
    },
  );

  interface Firing {
    readonly rule: Rule;
    readonly atMs: number;
  }

  /** A life of the automation in which nothing is ever in force, so that every rule always wants to act. */
  function live(given: object[], moments: readonly { seconds: number; spend: number }[]): Firing[] {
    const rules = given.map((some, index) => makeRule({ ...some, name: `r${index}` }));
    const firings: Firing[] = [];
    let states: ReadonlyMap<string, RuleState> = new Map();
    let nowMs = NOW;
    for (const { seconds, spend } of moments) {
      nowMs += seconds * SECOND_MS;
      const round = makeRound({
        rules,
        states,
        nowMs,
        maxChangesPerHour: 3,
        metrics: { ...METRICS, daily_spend: spend },
        changesAtMs: firings.map(({ atMs }) => atMs),
      });
      const result = evaluateRules(round);
      states = result.states;
      for (const { rule: fired, outcome } of result.decisions) {
        if (outcome.kind === "fired") firings.push({ rule: fired, atMs: nowMs });
      }
    }
    return firings;
  }

  it("never more changes in any hour than are allowed", () => {
    fc.assert(
      fc.property(manyRules, steps, (given, moments) => {
        const firings = live(given, moments);
        for (const { atMs } of firings) {
          const inTheHour = firings.filter((other) => other.atMs > atMs - HOUR_MS && other.atMs <= atMs);
          expect(inTheHour.length).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  it("no rule ever fires while it cools down", () => {
    fc.assert(
      fc.property(manyRules, steps, (given, moments) => {
        const firings = live(given, moments);
        for (const [index, { rule: fired, atMs }] of firings.entries()) {
          const before = firings.slice(0, index).findLast(({ rule: other }) => other.name === fired.name);
          if (before !== undefined) {
            expect(atMs - before.atMs).toBeGreaterThanOrEqual(fired.cooldownMinutes * MINUTE_MS);
          }
        }
      }),
    );
  });

  it("a blocked rule says which rail blocked it, and is not taken for one that has fired", () => {
    const changesAtMs = [NOW - 1, NOW - 2, NOW - HOUR_MS];
    const { decisions, states } = evaluateRules(
      makeRound({ rules: [makeRule({})], changesAtMs, maxChangesPerHour: 2 }),
    );
    expect(decisions[0]?.outcome).toMatchObject({ kind: "blocked", guardRail: "max-changes-per-hour" });
    expect(states.get("r")?.lastFiredAtMs).toBeNull();
  });

  it("the most urgent rules get the changes that are left", () => {
    const rules = ["low", "high", "medium"].map((priority, index) =>
      makeRule({ name: priority, priority, then: limit(index + 1) }),
    );
    expect(outcomesOf(makeRound({ rules, maxChangesPerHour: 2 }))).toEqual([
      ["high", "fired"],
      ["medium", "fired"],
      ["low", "blocked"],
    ]);
  });
});
