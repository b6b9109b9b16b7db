import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openApprovals } from "../../pipeline/approve-decision.ts";
import type { ControlDeps } from "../../pipeline/control/control-deps.ts";
import { checkChain } from "../../pipeline/decision-chain.ts";
import type { JobReport } from "../../pipeline/job.ts";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { verifyDecisions } from "../../pipeline/jobs/verify.ts";
import { recordDirectives } from "../../pipeline/record-event.ts";
import { testCatalog } from "./test-catalog.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const MINUTE_MS = 60_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() => pipeline.clear("request_events", "spend_quarter_hours", "decisions", "decision_chain"));

/** Fires always, without a goal that a preview could deny, and prefers a provider that the past says nothing bad about. Each test has its own: directives stay. */
let planted = plant(0);
let tests = 0;
beforeEach(() => {
  tests += 1;
  planted = plant(tests);
});

function plant(test: number) {
  return {
    name: `planted-${test}`,
    when: "daily_budget > 0.0",
    then: { action: "switch-provider", provider: "middle" },
    cooldownMinutes: 0,
    expiresMinutes: 60,
    verifyMinutes: 15,
  };
}

function useRule(rule: object, mode = "act"): void {
  pipeline.useCatalog(testCatalog({ targetDailySpend: 10, mode, maxChangesPerHour: 1000, rules: [rule] }));
}

/** Requests spread over a span of minutes from a moment. */
async function spread(fromMs: number, minutes: number, given: object, requests = 60): Promise<void> {
  const stepMs = (minutes * MINUTE_MS) / requests;
  await pipeline.store(
    Array.from({ length: requests }, (_, index) =>
      recentRequest(Math.floor(fromMs + index * stepMs), {
        tier: "premium",
        provider: "cheap",
        attempts: [{ provider: "cheap", outcome: "ok", ms: 400 }],
        outcome: "ok",
        denial_reason: "",
        cost: USD / 1000,
        latency_ms: 400,
        ...given,
      }),
    ),
  );
}

const decisionRow = z.object({
  id: z.string(),
  outcome: z.string(),
  verdict: z.string(),
  simulated_effect: z.string(),
  verified_effect: z.string(),
  guard_rails: z.string(),
});

const decisions = () =>
  pipeline.server.warehouse.query({
    sql: "SELECT toString(id) AS id, outcome, verdict, simulated_effect, verified_effect, guard_rails FROM decisions FINAL ORDER BY decisions.ts, decisions.id",
    row: decisionRow,
  });

const active = (nowMs: number) =>
  pipeline.deps.directory.directives.active(nowMs).filter(({ issuedBy }) => issuedBy.name === planted.name);

const outcomeOf = (report: JobReport) =>
  z.object({ outcomes: z.record(z.string(), z.string()) }).parse(report.details).outcomes[planted.name];

const beginning = (): number => Date.now() - 20 * MINUTE_MS;

/** A rule does not issue what is in force already, whoever issued it. */
afterEach(async () => {
  const all = pipeline.deps.directory.directives.all().filter(({ revoked }) => revoked === null);
  const by = { type: "admin" as const, name: "test" };
  await recordDirectives(
    pipeline.deps,
    all.map(({ directive: { id } }) => ({
      type: "revoked" as const,
      id,
      by,
      reason: "test",
      ts: Date.now(),
    })),
  );
});

describe("verification", () => {
  it("rolls a harmful rule back within its window, and keeps it from acting again", async () => {
    useRule(planted);
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {});
    await decideJob()(pipeline.deps, issuedMs);
    expect(active(issuedMs)).toHaveLength(1);
    await spread(issuedMs + 1, 5, {
      provider: "middle",
      outcome: "failed",
      denial_reason: "provider_error",
      cost: 0,
    });
    await verifyDecisions(pipeline.deps, issuedMs + 5 * MINUTE_MS);
    expect(active(issuedMs + 5 * MINUTE_MS)).toEqual([]);
    const [decision] = await decisions();
    expect(decision).toMatchObject({ outcome: "fired", verdict: "rolled-back" });
    expect(decision?.verified_effect).toContain("more requests fail");
    const again = await decideJob()(pipeline.deps, issuedMs + 6 * MINUTE_MS);
    expect(outcomeOf(again)).toBe("blocked");
    expect((await decisions()).at(-1)?.guard_rails).toContain("rolled back within 24 hours");
  });

  it("keeps what went as it should, and says nothing before the time is over", async () => {
    useRule(planted);
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {});
    await decideJob()(pipeline.deps, issuedMs);
    await spread(issuedMs + 1, 14, { provider: "middle", cost: USD / 1000 });
    const early = await verifyDecisions(pipeline.deps, issuedMs + 10 * MINUTE_MS);
    expect(early.details).toEqual({ verdicts: {} });
    await verifyDecisions(pipeline.deps, issuedMs + 15 * MINUTE_MS);
    expect(await decisions()).toMatchObject([{ outcome: "fired", verdict: "kept" }]);
    expect(active(issuedMs + 15 * MINUTE_MS)).toHaveLength(1);
  });

  it("lets go on what has helped and is about to end", async () => {
    useRule({ ...planted, expiresMinutes: 16 });
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {});
    await decideJob()(pipeline.deps, issuedMs);
    await spread(issuedMs + 1, 14, { provider: "middle", cost: USD / 2000 });
    await verifyDecisions(pipeline.deps, issuedMs + 15 * MINUTE_MS);
    expect(await decisions()).toMatchObject([{ verdict: "extended" }, { outcome: "fired", verdict: "" }]);
    expect(active(issuedMs + 20 * MINUTE_MS)).toHaveLength(1);
  });

  it("says that it does not know where there was too little traffic", async () => {
    useRule(planted);
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {}, 5);
    await decideJob()(pipeline.deps, issuedMs);
    await verifyDecisions(pipeline.deps, issuedMs + 15 * MINUTE_MS);
    expect(await decisions()).toMatchObject([{ verdict: "inconclusive" }]);
  });
});

describe("guard rails", () => {
  it("a directive that is foreseen to cost too much is not issued, and its prediction is kept", async () => {
    useRule({ ...planted, guardRails: { maxCostIncreaseShare: 0.1 } });
    const issuedMs = beginning();
    await spread(issuedMs - 60 * MINUTE_MS, 60, {
      requested_model: "auto",
      user_id: "u",
      input_tokens: 2000,
      output_tokens: 2000,
    });
    const report = await decideJob()(pipeline.deps, issuedMs);
    expect(outcomeOf(report)).toBe("blocked");
    const [decision] = await decisions();
    expect(JSON.parse(decision?.simulated_effect ?? "{}")).toMatchObject({ usersAffectedShare: 1 });
    expect(active(issuedMs)).toEqual([]);
  });

  it.each([
    ["act", "blocked"],
    ["approve", "awaiting-approval"],
  ])("a rule on what is spent does not make it dearer: in mode %s it is %s", async (mode, outcome) => {
    useRule({ ...planted, when: "daily_spend > 0.0", guardRails: { maxCostIncreaseShare: 10 } }, mode);
    const issuedMs = beginning();
    await spread(issuedMs - 60 * MINUTE_MS, 60, {
      requested_model: "auto",
      input_tokens: 2000,
      output_tokens: 2000,
    });
    const report = await decideJob()(pipeline.deps, issuedMs);
    expect(outcomeOf(report)).toBe(outcome);
    const [decision] = await decisions();
    expect(decision?.guard_rails).toContain("preview shows no gain: cost of a request");
    expect(active(issuedMs)).toEqual([]);
  });

  it("waits for an admin in mode approve, and acts once approved", async () => {
    useRule(planted, "approve");
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {});
    await decideJob()(pipeline.deps, issuedMs);
    const [waiting] = await decisions();
    expect(waiting).toMatchObject({ outcome: "awaiting-approval" });
    expect(active(issuedMs)).toEqual([]);
    const control: ControlDeps = {
      ...pipeline.deps,
      now: () => issuedMs + MINUTE_MS,
      adminToken: "token",
      usageOf: async () => null,
      jobs: () => [],
    };
    const approvals = openApprovals(control);
    const id = waiting?.id ?? "";
    const [first, second] = await Promise.allSettled([approvals.approve(id), approvals.approve(id)]);
    expect(second).toMatchObject({ status: "rejected" });
    const directive = first.status === "fulfilled" ? first.value : null;
    expect(directive).toMatchObject({ kind: "route", evidence: id });
    expect(active(issuedMs + MINUTE_MS)).toHaveLength(1);
    await expect(approvals.reject(id, "no")).rejects.toThrow("does not wait");
  });

  it("a history that was changed shows where", async () => {
    useRule(planted, "observe");
    const issuedMs = beginning();
    await spread(issuedMs - 10 * MINUTE_MS, 10, {});
    for (const step of [0, 1, 2]) await decideJob()(pipeline.deps, issuedMs + step * 1000);
    expect(await checkChain(pipeline.server.warehouse)).toMatchObject({ entries: 3, brokenAt: null });
    await pipeline.server.warehouse.command(
      "ALTER TABLE decision_chain UPDATE document = '{}' WHERE seq = 2 SETTINGS mutations_sync = 1",
    );
    expect(await checkChain(pipeline.server.warehouse)).toMatchObject({ brokenAt: 2 });
  });
});
