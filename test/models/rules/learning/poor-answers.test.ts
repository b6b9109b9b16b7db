import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../models/domain/catalog.ts";
import { directive } from "../../../../models/domain/directive.ts";
import { appId, eventId, requestId, userId } from "../../../../models/domain/ids.ts";
import type { RequestEvent } from "../../../../models/domain/request-event.ts";
import { foldControls } from "../../../../models/policy/controls.ts";
import { gatherCells, type RoutedRequest } from "../../../../models/rules/learning/gather-cells.ts";
import { burdenFactors } from "../../../../models/rules/learning/objective.ts";
import { planRouting } from "../../../../models/rules/learning/plan-routing.ts";
import { poorAnswers } from "../../../../models/rules/learning/poor-answers.ts";
import { blankEvent } from "../../../../models/simulation/blank-event.ts";
import { seededRandom, streamOf } from "../../../../models/simulation/random.ts";
import { drawRoutedDay } from "../../../../models/simulation/routed-day.ts";
import { testCatalog } from "../../../pipeline/test-catalog.ts";

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SIGNALS = ["cut_off", "empty", "refused", "filtered", "invalid_json"] as const;

function answer(given: Partial<RequestEvent> = {}): RequestEvent {
  const blank = blankEvent({
    event_id: eventId.parse("01990000-0000-7000-8000-000000000001"),
    request_id: requestId.parse("01990000-0000-7000-8000-000000000002"),
    ts: START_MS,
    app_id: appId.parse("app"),
    user_id: userId.parse("ada"),
    tier: "premium",
    feature: "chat",
    controls_version: "test",
  });
  const attempts: RequestEvent["attempts"] = [{ provider: "cheap", outcome: "ok", ms: 500 }];
  return { ...blank, provider: "cheap", attempts, propensity: 0.5, latency_ms: 500, ...given };
}

describe("an answer is a poor one", () => {
  it("by each of its signals, and not without any", () => {
    const isPoor = poorAnswers([]);
    for (const signal of SIGNALS) expect(isPoor(answer({ [signal]: true })), signal).toBe(true);
    expect(isPoor(answer())).toBe(false);
  });

  it("when its user asks the same within the minute after it came, whoever answers then", () => {
    const again = (given: Partial<RequestEvent>) =>
      answer({ provider: "middle", asked_again_of: "cheap", ts: START_MS + 30_000, ...given });
    const first = answer();
    const isHeldAgainst = (given: Partial<RequestEvent>) => poorAnswers([first, again(given)])(first);
    expect(isHeldAgainst({})).toBe(true);
    expect(isHeldAgainst({ ts: START_MS + 60_400 })).toBe(true);
    expect(isHeldAgainst({ ts: START_MS + 61_000 })).toBe(false);
    expect(isHeldAgainst({ ts: START_MS - 1_000 })).toBe(false);
    expect(isHeldAgainst({ user_id: userId.parse("bob") })).toBe(false);
    expect(isHeldAgainst({ feature: "advice" })).toBe(false);
    expect(isHeldAgainst({ asked_again_of: "middle" })).toBe(false);
    expect(poorAnswers([first, again({})])(again({}))).toBe(false);
  });
});

const provider = (input: number, output: number, quality: number) => ({
  adapter: "openai",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "any",
  quality,
  price: { inputPerMillion: input, outputPerMillion: output },
});

function catalogWith(objective: object): Catalog {
  return testCatalog(
    { targetDailySpend: 10, learning: { mode: "act", explorationDailyBudget: 2, objective } },
    {
      providers: {
        dear: provider(2.5, 10, 5),
        middle: provider(0.15, 0.6, 3.5),
        cheap: provider(0.1, 0.4, 3.5),
      },
    },
  );
}

/** A day of which each of both providers had half, rated by few, with equal ratings, times and nearly equal prices. */
function lived(catalog: Catalog, poorShare: number): RoutedRequest[] {
  const half = directive.parse({
    id: "01990000-0000-7000-8000-000000000003",
    issuedBy: { type: "rule", name: "test" },
    reason: "test",
    evidence: null,
    issuedAt: START_MS,
    expiresAt: START_MS + DAY_MS,
    kind: "weights",
    params: { weights: { middle: 0.5 }, remainder: "order" },
  });
  const random = streamOf(7, 1);
  const day = drawRoutedDay({
    controls: foldControls(catalog, [half]),
    demand: [{ tier: "premium", feature: "chat", requests: 3_000, inputTokens: 300, outputTokens: 150 }],
    startMs: START_MS,
    ratedShare: 0.1,
    truth: new Map(),
    random: streamOf(7, 2),
  });
  return [...day].map((one) => {
    const isPoor = one.event.provider === "cheap" && random() < poorShare;
    return isPoor ? { ...one, event: { ...one.event, cut_off: true } } : one;
  });
}

function plan(objective: object, poorShare: number) {
  const catalog = catalogWith(objective);
  const { learning } = catalog.automation;
  const [proposal] = planRouting({
    controls: foldControls(catalog, []),
    settings: learning,
    cells: gatherCells(lived(catalog, poorShare), burdenFactors(learning.objective)),
    days: 1,
    drained: new Set(),
    nowMs: START_MS + DAY_MS,
    exploredToday: 0,
    restOfDay: 1,
    leading: new Map(),
    random: seededRandom(1),
  });
  return proposal;
}

describe("the learned routing", () => {
  it("leaves a provider whose answers are poor, although those who rate do not say so", () => {
    expect(plan({}, 0.5)).toMatchObject({ stage: "lead", leader: "middle" });
  });

  it("stays where answers are as good as elsewhere, and where such answers are said to weigh nothing", () => {
    expect(plan({}, 0)?.stage).not.toBe("lead");
    expect(plan({ poorAnswer: 0 }, 0.5)?.stage).not.toBe("lead");
  });

  it("takes a rating for what it says, whatever else the answer tells", () => {
    const factors = burdenFactors(catalogWith({}).automation.learning.objective);
    const burdenOf = (rating: number) =>
      gatherCells([{ event: answer({ empty: true }), rating, peak: false }], factors)[0]?.burden ?? 0;
    expect(burdenOf(0) - burdenOf(4)).toBeCloseTo(1, 9);
  });
});
