import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import { directiveId, userId } from "../../models/domain/ids.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { DirectiveOf } from "../../models/policy/controls.ts";
import { foldControls } from "../../models/policy/controls.ts";
import { learnedInForce } from "../../models/rules/learning/decide-routing.ts";
import { gatherCells, type RoutedRequest } from "../../models/rules/learning/gather-cells.ts";
import { burdenFactors } from "../../models/rules/learning/objective.ts";
import { poorAnswers } from "../../models/rules/learning/poor-answers.ts";
import { streamOf } from "../../models/simulation/random.ts";
import { drawRoutedDay } from "../../models/simulation/routed-day.ts";
import { openApprovals } from "../../pipeline/approve-decision.ts";
import { checkChain } from "../../pipeline/decision-chain.ts";
import { learnRoutingJob } from "../../pipeline/jobs/learn-routing.ts";
import { readRoutingCells } from "../../pipeline/jobs/learn-routing-read.ts";
import { verifyDecisions } from "../../pipeline/jobs/verify.ts";
import { recordDirectives } from "../../pipeline/record-event.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const DAY_MS = 86_400_000;
const USD = 1_000_000_000;
const FEATURE = "chat";
/** Answers of the usual provider, `cheap`, are liked much less than the catalog's grades say; `middle` is what it says. */
const TRUTH = new Map([["cheap", { quality: 1 }]]);

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());

/** Each test has days of its own, so that one's directives are over in the other's. */
let today = Date.UTC(2026, 0, 10);
beforeEach(async () => {
  today += 100 * DAY_MS;
  await pipeline.clear("request_events", "feedback_events", "decisions", "decision_chain");
});

const provider = (input: number, output: number, quality: number) => ({
  adapter: "openai",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "any",
  quality,
  price: { inputPerMillion: input, outputPerMillion: output },
});
const providers = {
  dear: provider(2.5, 10, 5),
  middle: provider(0.4, 1.6, 4),
  cheap: provider(0.3, 1.2, 3.5),
};

function learning(more: object = {}, automation: object = {}): Catalog {
  const catalog = testCatalog(
    {
      targetDailySpend: 10,
      maxChangesPerHour: 100,
      ...automation,
      learning: { mode: "act", explorationDailyBudget: 1, minQuality: 1, expiresMinutes: 2_880, ...more },
    },
    { routing: { fallbackProvider: "cheap", peakHours: ["18:00"] }, providers },
  );
  pipeline.useCatalog(catalog);
  return catalog;
}

/** A day's requests as gateways under the directives in force would have routed and recorded them, with what users said. */
async function live(
  catalog: Catalog,
  startMs: number,
  mark: (events: readonly RequestEvent[]) => RequestEvent[] = (events) => [...events],
): Promise<RoutedRequest[]> {
  const day = drawRoutedDay({
    controls: foldControls(catalog, pipeline.deps.directory.directives.active(startMs)),
    demand: [{ tier: "premium", feature: FEATURE, requests: 1_200, inputTokens: 300, outputTokens: 150 }],
    startMs,
    ratedShare: 0.4,
    truth: TRUTH,
    random: streamOf(1, startMs / DAY_MS),
  });
  const drawn = [...day];
  const events = mark(drawn.map(({ event }, at) => ({ ...event, user_id: userId.parse(`user-${at % 60}`) })));
  const lived = drawn.map((one, at) => ({ ...one, event: events[at] ?? one.event }));
  await pipeline.store(lived.map(({ event }) => event));
  await pipeline.server.warehouse.insert(
    "feedback_events",
    lived
      .filter(({ rating }) => rating > 0)
      .map(({ event, rating }, at) => ({
        event_id: uuidv7(),
        request_id: event.request_id,
        user_id: event.user_id,
        ts: event.ts + 60_000,
        rating,
        comment: "",
        source: "simulated",
        log_partition: "ratings",
        log_offset: startMs + at,
      })),
  );
  return lived;
}

const active = (nowMs: number): DirectiveOf<"weights">[] => [
  ...learnedInForce(pipeline.deps.directory.directives.active(nowMs)).values(),
];

const decisions = () =>
  pipeline.server.warehouse.query({
    sql: "SELECT toString(id) AS id, rule, outcome, reason, verdict, inputs FROM decisions FINAL ORDER BY decisions.ts, decisions.id",
    row: z.object({
      id: z.string(),
      rule: z.string(),
      outcome: z.string(),
      reason: z.string(),
      verdict: z.string(),
      inputs: z.string(),
    }),
  });

/** A day as usual, days of exploring, and what is then decided. */
async function learn(
  catalog: Catalog,
  days = 4,
  mark?: Parameters<typeof live>[2],
): Promise<{ readonly nowMs: number; readonly lived: RoutedRequest[] }> {
  const job = learnRoutingJob();
  const lived: RoutedRequest[] = [];
  let nowMs = today;
  for (let day = 0; day < days; day += 1) {
    lived.push(...(await live(catalog, nowMs, mark)));
    nowMs += DAY_MS;
    await job(pipeline.deps, nowMs);
  }
  return { nowMs, lived };
}

const SIGNALS = ["cut_off", "empty", "refused", "filtered", "invalid_json"] as const;

/** Some answers tell that they are poor, and some are asked for again: soon enough, too late, or where another one had answered. */
function withPoorAnswers(events: readonly RequestEvent[]): RequestEvent[] {
  return events.map((event, at) => {
    const signal = SIGNALS[at % 40];
    if (signal !== undefined) return { ...event, [signal]: true };
    const before = events[at - 1];
    if (at % 10 !== 9 || before === undefined) return event;
    const waitedMs = [20_000, 59_000, 100_000][at % 3] ?? 0;
    const provider = at % 20 === 19 ? before.provider : "middle";
    return { ...event, user_id: before.user_id, ts: before.ts + waitedMs, asked_again_of: provider };
  });
}

describe("the learned routing", () => {
  it("tries another provider on a part of the requests, and sends them there once it is certainly better", async () => {
    const catalog = learning();
    await live(catalog, today);
    const job = learnRoutingJob();
    await job(pipeline.deps, today + DAY_MS);
    const [tried] = active(today + DAY_MS);
    expect(tried).toMatchObject({
      kind: "weights",
      params: { tier: "premium", feature: FEATURE, remainder: "order" },
      issuedBy: { type: "rule", name: "learned-routing premium chat" },
    });
    expect(Object.keys(tried?.params.weights ?? {})).toEqual(["middle"]);
    expect(tried?.params.weights.middle).toBeLessThanOrEqual(0.1);

    for (const day of [1, 2, 3]) {
      await live(catalog, today + day * DAY_MS);
      await job(pipeline.deps, today + (day + 1) * DAY_MS);
    }
    const [led, ...others] = active(today + 4 * DAY_MS);
    expect(others).toEqual([]);
    expect(led?.params.weights.middle).toBeGreaterThan(0.85);
    expect(led?.params.weights.cheap).toBeGreaterThan(0);
    const after = await live(catalog, today + 4 * DAY_MS);
    const went = after.filter(({ event }) => event.attempts[0]?.provider === "middle").length;
    expect(went / after.length).toBeGreaterThan(0.85);

    const leads = (await decisions()).find(({ reason }) =>
      reason.startsWith("sends chat of tier premium to middle"),
    );
    expect(leads?.outcome).toBe("fired");
    const { gain, error } = z
      .object({ gain: z.number(), error: z.number() })
      .parse(JSON.parse(leads?.inputs ?? "{}"));
    expect(gain).toBeGreaterThan(2 * error);
    expect(await checkChain(pipeline.server.warehouse)).toMatchObject({ brokenAt: null });
  });

  it("reads from the warehouse exactly what became of the requests", async () => {
    const catalog = learning();
    const { nowMs, lived } = await learn(catalog, 2, withPoorAnswers);
    const { cells, days } = await readRoutingCells(pipeline.server.warehouse, catalog, nowMs);
    const factors = burdenFactors(catalog.automation.learning.objective);
    const isPoor = poorAnswers(lived.map(({ event }) => event));
    const askedAgain = lived.filter(({ event }) => isPoor(event) && !SIGNALS.some((name) => event[name]));
    expect(askedAgain.length).toBeGreaterThan(30);
    const key = ({ provider, peak, propensity }: (typeof cells)[number]) =>
      `${provider} ${peak} ${propensity.toFixed(6)}`;
    const expected = new Map(gatherCells(lived, factors).map((cell) => [key(cell), cell]));
    expect(days).toBeCloseTo(2, 1);
    expect(cells.map(key).sort()).toEqual([...expected.keys()].sort());
    expect(cells.some(({ propensity }) => propensity < 1)).toBe(true);
    for (const cell of cells) {
      const { propensity: _, ...sums } = expected.get(key(cell)) ?? cell;
      for (const [name, value] of Object.entries(sums)) {
        const found = cell[name as keyof typeof cell];
        if (typeof value === "number") expect(Number(found) / Math.max(1e-9, value), name).toBeCloseTo(1, 4);
        else expect(found).toBe(value);
      }
    }
  });

  it("costs no more for learning than its budget, and nothing without one", async () => {
    const tight = learning({ explorationDailyBudget: 0.002 });
    const { lived } = await learn(tight, 3);
    for (let day = 0; day < 3; day += 1) {
      const explored = lived
        .filter(({ event }) => event.ts >= today + day * DAY_MS && event.ts < today + (day + 1) * DAY_MS)
        .filter(({ event }) => event.propensity > 0 && event.propensity < 0.5)
        .reduce((sum, { event }) => sum + event.cost, 0);
      expect(explored).toBeLessThanOrEqual(0.002 * USD);
    }
    const nowMs = today + 3 * DAY_MS;
    expect(active(nowMs)).toHaveLength(1);
    learning({ explorationDailyBudget: 0 });
    await learnRoutingJob()(pipeline.deps, nowMs + 1);
    expect(active(nowMs + 1)).toEqual([]);
  });

  it("by default only says what it would try, and says it once", async () => {
    const catalog = learning({ mode: "observe" });
    await live(catalog, today);
    const job = learnRoutingJob();
    await job(pipeline.deps, today + DAY_MS);
    await job(pipeline.deps, today + DAY_MS + 3_600_000);
    expect(active(today + DAY_MS)).toEqual([]);
    expect(await decisions()).toMatchObject([{ rule: "learned-routing premium chat", outcome: "observed" }]);
    expect(testCatalog().automation.learning.mode).toBe("observe");
  });

  it("waits for an admin in mode approve, and is verified like any other decision", async () => {
    const catalog = learning({ mode: "approve" });
    await live(catalog, today);
    const nowMs = today + DAY_MS;
    await learnRoutingJob()(pipeline.deps, nowMs);
    const [waiting] = await decisions();
    expect(waiting?.outcome).toBe("awaiting-approval");
    const approvals = openApprovals({
      ...pipeline.deps,
      now: () => nowMs + 60_000,
      adminToken: "token",
      usageOf: async () => null,
      jobs: () => [],
    });
    await approvals.approve(waiting?.id ?? "");
    expect(active(nowMs + 60_000)).toHaveLength(1);
    await live(catalog, nowMs);
    await verifyDecisions(pipeline.deps, nowMs + 2 * 3_600_000);
    expect(await decisions()).toMatchObject([{ verdict: "kept" }]);
  });

  it("does nothing while the automation is stopped or off", async () => {
    const catalog = learning();
    await live(catalog, today);
    const nowMs = today + DAY_MS;
    learning({ mode: "off" });
    expect(await learnRoutingJob()(pipeline.deps, nowMs)).toMatchObject({ notable: false });
    learning();
    const id = directiveId.parse(uuidv7());
    await recordDirectives(pipeline.deps, [
      {
        type: "issued",
        directive: {
          id,
          issuedBy: { type: "admin", name: "test" },
          reason: "stop",
          evidence: null,
          issuedAt: nowMs,
          expiresAt: nowMs + DAY_MS,
          kind: "pause-automation",
          params: {},
        },
      },
    ]);
    expect(await learnRoutingJob()(pipeline.deps, nowMs)).toMatchObject({
      summary: "the automation is stopped",
    });
    expect(active(nowMs)).toEqual([]);
    expect(await decisions()).toEqual([]);
  });

  it("hears no ratings of a feature's answers from a provider before ten users have rated some, however many they are", async () => {
    const catalog = learning();
    const heard = async (raters: number): Promise<boolean> => {
      await pipeline.clear("request_events", "feedback_events");
      const byFew = (events: readonly RequestEvent[]): RequestEvent[] =>
        events.map((event, at) => ({ ...event, user_id: userId.parse(`user-${at % raters}`) }));
      await live(catalog, today, byFew);
      const { cells } = await readRoutingCells(pipeline.server.warehouse, catalog, today + DAY_MS);
      expect(cells.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(1_000);
      return cells.some(({ ratings, stars }) => ratings > 0 || stars > 0);
    };
    expect(await heard(9)).toBe(false);
    expect(await heard(10)).toBe(true);
  });
});
