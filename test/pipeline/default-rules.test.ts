import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { loadCatalog } from "../../catalog.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { Rule } from "../../models/domain/rule.ts";
import { foldControls } from "../../models/policy/controls.ts";
import type { JobReport } from "../../pipeline/job.ts";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { verifyDecisions } from "../../pipeline/jobs/verify.ts";
import { recordDirectives } from "../../pipeline/record-event.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SECOND_MS = 1_000;
/** A dozen queries, on a machine that others use, too. */
const SLOW_MS = 120_000;

const { catalog: shipped } = await loadCatalog("catalog.yaml");

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() =>
  pipeline.clear(
    "request_events",
    "feedback_events",
    "user_events",
    "spend_quarter_hours",
    "forecasts",
    "decisions",
    "decision_chain",
  ),
);

/** A rule does not issue what another test has left in force. */
afterEach(async () => {
  const left = pipeline.deps.directory.directives.all().filter(({ revoked }) => revoked === null);
  const by = { type: "admin" as const, name: "test" };
  await recordDirectives(
    pipeline.deps,
    left.map(({ directive: { id } }) => ({
      type: "revoked" as const,
      id,
      by,
      reason: "test",
      ts: Date.now(),
    })),
  );
});

/** A zone in which it is about noon now: a rest of the day is still to come, and no day ends while the test runs. */
function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead >= 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

/** The shipped catalog with one of its rules alone, so that it is this one that acts. */
async function useAlone(rule: Rule): Promise<Catalog> {
  const automation = { ...shipped.automation, maxChangesPerHour: 1_000, rules: [rule] };
  const catalog = { ...shipped, timezone: zoneAtNoon(), automation };
  pipeline.useCatalog(catalog);
  await publishSettings(pipeline.deps, Date.now());
  return catalog;
}

interface Burst {
  readonly fromMs: number;
  readonly minutes: number;
  readonly requests: number;
  readonly given?: object;
}

/** Requests of as many users as there are, in all tiers, at the provider that each tier asks first. */
async function burst({ fromMs, minutes, requests, given = {} }: Burst): Promise<void> {
  const stepMs = (minutes * MINUTE_MS) / requests;
  const tiers = [...shipped.tiers.values()];
  await pipeline.store(
    Array.from({ length: requests }, (_, index) => {
      const tier = tiers[index % tiers.length] ?? shipped.defaultTier;
      const [provider = ""] = tier.allowedProviders;
      return recentRequest(Math.floor(fromMs + index * stepMs), {
        user_id: `user-${index}`,
        tier: tier.name,
        feature: "chat",
        provider,
        attempts: [{ provider, outcome: "ok", ms: 400 }],
        cost: USD / 1_000,
        latency_ms: 400,
        ...given,
      });
    }),
  );
}

async function forecast(series: string, points: readonly number[]): Promise<void> {
  const run_id = uuidv7();
  const day = (ahead: number): string => new Date(Date.now() + ahead * DAY_MS).toISOString().slice(0, 10);
  await pipeline.deps.warehouse.insert(
    "forecasts",
    points.map((point, index) => ({
      run_id,
      made_at: Date.now(),
      series,
      unit: "any",
      scenario: "expected",
      target_date: day(index),
      horizon_days: index + 1,
      point,
      lo80: point,
      hi80: point,
      lo95: point,
      hi95: point,
      model: "test",
    })),
  );
}

async function rate(
  rating: number,
  ratings: number,
  { provider = "gemini-flash", raters = "user" } = {},
): Promise<void> {
  const ts = Date.now() - HOUR_MS;
  const requests = Array.from({ length: ratings }, (_, index) =>
    recentRequest(ts, {
      user_id: `${raters}-${index}`,
      provider,
      attempts: [{ provider, outcome: "ok", ms: 400 }],
      cost: 0,
    }),
  );
  await pipeline.store(requests);
  await pipeline.deps.warehouse.insert(
    "feedback_events",
    requests.map(({ request_id, user_id }, index) => ({
      event_id: uuidv7(),
      request_id,
      user_id,
      ts,
      rating,
      comment: "",
      source: "live",
      log_partition: `ratings-${raters}`,
      log_offset: index,
    })),
  );
}

async function signUp(users: number, ms: number): Promise<void> {
  await pipeline.deps.warehouse.insert(
    "user_events",
    Array.from({ length: users }, (_, index) => ({
      event_id: uuidv7(),
      user_id: `new-${ms}-${index}`,
      ts: ms,
      type: "seen",
      tier: "free",
      actor: "",
      log_partition: `users-${ms}`,
      log_offset: index,
    })),
  );
  await rollUp("subscriptions")(pipeline.deps, Date.now());
}

const days = (length: number, of: (day: number) => number): number[] =>
  Array.from({ length }, (_, day) => of(day));

const REFUSED = {
  outcome: "denied",
  denial_reason: "daily_requests_exceeded",
  provider: "",
  attempts: [],
  cost: 0,
  latency_ms: 0,
};

/** What makes each rule of the shipped catalog fire. Around it there is ordinary traffic, before and after the rule acts. */
const INCIDENTS: Readonly<Record<string, (issuedMs: number) => Promise<void>>> = {
  "daily-spend-above-target": (issuedMs) => spend(issuedMs, 130),
  "low-cache-hit-rate": () => burst({ ...lately(60), given: { feature: "general-advice" } }),
  // A preview shows a gain only where users like another provider better.
  "low-satisfaction": async () => {
    await rate(2, 10, { provider: "gpt-4o" });
    await rate(5, 5, { provider: "gemini-pro", raters: "happy" });
  },
  "slow-answers": () => burst({ ...lately(110), given: { latency_ms: 9_000 } }),
  "pace-free-tier": (issuedMs) => spend(issuedMs, 20),
  "pace-everybody": (issuedMs) => spend(issuedMs, 20),
  "paying-users-refused": (issuedMs) =>
    burst({
      fromMs: issuedMs - 10 * MINUTE_MS,
      minutes: 9,
      requests: 20,
      given: { ...REFUSED, user_id: "busy", tier: "premium" },
    }),
  "growth-above-20-percent": async () => {
    await signUp(60, Date.now() - 2 * DAY_MS);
    await signUp(20, Date.now() - MINUTE_MS);
  },
  "usage-above-150-percent": async () => {
    for (const ago of [1, 2, 3, 4]) {
      // The clock hour before the quarter of an hour of now, days ago.
      const quarterMs = Math.floor(Date.now() / (15 * MINUTE_MS)) * 15 * MINUTE_MS;
      await burst({ fromMs: quarterMs - ago * DAY_MS - 50 * MINUTE_MS, minutes: 40, requests: 20 });
    }
    await pipeline.deps.warehouse.command("SYSTEM REFRESH VIEW spend_quarter_hours");
    await pipeline.deps.warehouse.command("SYSTEM WAIT VIEW spend_quarter_hours");
  },
  "cost-above-200-percent": (issuedMs) => spend(issuedMs, 60),
  "forecast-week-above-budget": () =>
    forecast(
      "daily_spend",
      days(28, () => 150 * USD),
    ),
  "forecast-day-above-200-percent": () =>
    forecast(
      "daily_spend",
      days(28, (day) => (day === 3 ? 250 : 50) * USD),
    ),
  "forecast-usage-above-150-percent": () =>
    forecast(
      "daily_requests",
      days(28, (day) => 100 + 10 * day),
    ),
  "forecast-growth-above-20-percent": () =>
    forecast(
      "daily_active_users",
      days(28, (day) => 100 * 1.3 ** day),
    ),
};

/** Requests of the last minutes, which are no part of what the verification compares. */
const lately = (requests: number): Burst => ({ fromMs: Date.now() - 4 * MINUTE_MS, minutes: 3, requests });

/** So many dollars before the rule acts. */
const spend = (issuedMs: number, usd: number): Promise<void> =>
  burst({
    fromMs: issuedMs - 14 * MINUTE_MS,
    minutes: 13,
    requests: 90,
    given: { cost: Math.round((usd / 90) * USD) },
  });

const decisionRow = z.object({ rule: z.string(), outcome: z.string(), verdict: z.string() });

const decisions = () =>
  pipeline.server.warehouse.query({
    sql: "SELECT rule, outcome, verdict FROM decisions FINAL ORDER BY decisions.ts, decisions.id",
    row: decisionRow,
  });

const outcomeOf = ({ details }: JobReport, { name }: Rule): string | undefined =>
  z.object({ outcomes: z.record(z.string(), z.string()) }).parse(details).outcomes[name];

const active = (rule: Rule, nowMs: number) =>
  pipeline.deps.directory.directives.active(nowMs).filter(({ issuedBy }) => issuedBy.name === rule.name);

/** Long enough ago for the verification's time to be over. */
const beginning = (): number => Date.now() - 20 * MINUTE_MS;

const { rules } = shipped.automation;

it("every rule of the shipped catalog has its incident", () => {
  expect(Object.keys(INCIDENTS).toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
});

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", { timeout: SLOW_MS }, (name, rule) => {
  it("does nothing on ordinary days", async () => {
    await useAlone(rule);
    const issuedMs = beginning();
    await burst({ fromMs: issuedMs - 14 * MINUTE_MS, minutes: 13, requests: 90 });
    await rate(4, 10);
    const decide = decideJob();
    await decide(pipeline.deps, issuedMs - rule.holdSeconds * SECOND_MS);
    const report = await decide(pipeline.deps, issuedMs);
    expect(["not-met", "unknown-metric"]).toContain(outcomeOf(report, rule));
    expect(active(rule, issuedMs)).toEqual([]);
  });

  it("fires on its incident, acts once, is verified, and reverts", async () => {
    const catalog = await useAlone(rule);
    const issuedMs = beginning();
    await burst({ fromMs: issuedMs - 14 * MINUTE_MS, minutes: 13, requests: 90 });
    await burst({ fromMs: issuedMs + SECOND_MS, minutes: 14, requests: 90 });
    await INCIDENTS[name]?.(issuedMs);
    const decide = decideJob();

    if (rule.holdSeconds > 0) {
      const early = await decide(pipeline.deps, issuedMs - rule.holdSeconds * SECOND_MS);
      expect(outcomeOf(early, rule)).toBe("holding");
    }
    expect(outcomeOf(await decide(pipeline.deps, issuedMs), rule)).toBe("fired");
    expect(outcomeOf(await decide(pipeline.deps, issuedMs + 2 * SECOND_MS), rule)).toBe("cooling-down");
    const issued = active(rule, issuedMs + 2 * SECOND_MS);
    if (rule.then.action === "notify") {
      expect(issued).toEqual([]);
      expect(await decisions()).toEqual([{ rule: name, outcome: "fired", verdict: "" }]);
      return;
    }

    expect(issued).toHaveLength(1);
    const controls = foldControls(catalog, issued);
    expect(controls.version).not.toBe(catalog.version);
    await verifyDecisions(pipeline.deps, issuedMs + rule.verifyMinutes * MINUTE_MS);
    expect(await decisions()).toEqual([{ rule: name, outcome: "fired", verdict: "kept" }]);

    const endsAtMs = issuedMs + rule.expiresMinutes * MINUTE_MS;
    expect(active(rule, endsAtMs - 1)).toHaveLength(1);
    expect(foldControls(catalog, pipeline.deps.directory.directives.active(endsAtMs))).toEqual(
      foldControls(catalog, []),
    );
  });
});
