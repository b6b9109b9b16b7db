import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { EventLog } from "../../ingest/event-log.ts";
import { EventLogError } from "../../ingest/event-log.ts";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { testCatalog } from "./test-catalog.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const MINUTE_MS = 60_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() => pipeline.clear("request_events", "spend_quarter_hours", "decisions"));

const overTarget = {
  name: "over-target",
  when: "daily_spend > target_spend * 1.2",
  then: { action: "switch-to-cheaper-provider" },
  priority: "high",
  cooldownMinutes: 15,
  expiresMinutes: 60,
};

function useRules(rules: object[], more: object = {}): void {
  pipeline.useCatalog(testCatalog({ targetDailySpend: 10, rules, ...more }));
}

const decisionRow = z.object({
  id: z.string(),
  rule: z.string(),
  outcome: z.string(),
  directive_id: z.string(),
  inputs: z.string(),
});

function decisions() {
  return pipeline.server.warehouse.query({
    sql: "SELECT toString(id) AS id, rule, outcome, toString(directive_id) AS directive_id, inputs FROM decisions FINAL ORDER BY ts, id",
    row: decisionRow,
  });
}

function active(name: string, nowMs: number) {
  return pipeline.deps.directory.directives.active(nowMs).filter(({ issuedBy }) => issuedBy.name === name);
}

describe("the automation", () => {
  it("turns spend above the target into a directive with its evidence", async () => {
    useRules([overTarget]);
    const now = Date.now();
    await pipeline.store([
      recentRequest(now, { provider: "dear", cost: 12 * USD }),
      recentRequest(now, { provider: "cheap", cost: 1 * USD }),
    ]);
    const report = await decideJob()(pipeline.deps, now);
    expect(report).toMatchObject({ notable: true, details: { outcomes: { "over-target": "fired" } } });
    const [directive] = active("over-target", now);
    expect(directive).toMatchObject({
      kind: "route",
      params: { prefer: ["cheap", "middle"], avoid: ["dear"] },
      reason: "daily_spend > target_spend * 1.2 (daily_spend = 13, target_spend = 10)",
      expiresAt: now + 60 * MINUTE_MS,
    });
    expect(await decisions()).toEqual([
      {
        id: directive?.evidence,
        rule: "over-target",
        outcome: "fired",
        directive_id: directive?.id,
        inputs: '{"daily_spend":13,"target_spend":10}',
      },
    ]);
  });

  it("does not act again while it cools down, not even after a restart", async () => {
    const rule = { ...overTarget, name: "cooling", then: { action: "extend-cache-duration" } };
    useRules([rule]);
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 20 * USD })]);
    const job = decideJob();
    await job(pipeline.deps, now);
    await job(pipeline.deps, now + 2000);
    const afterRestart = await decideJob()(pipeline.deps, now + 4000);
    expect(afterRestart.details).toMatchObject({ outcomes: { cooling: "cooling-down" } });
    expect(await decisions()).toHaveLength(1);
  });

  it("a rule that only tells remembers across a restart that it has told", async () => {
    useRules([{ ...overTarget, name: "tell", then: { action: "notify" } }]);
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 20 * USD })]);
    await decideJob()(pipeline.deps, now);
    const again = await decideJob()(pipeline.deps, now + 2000);
    expect(again.details).toMatchObject({ outcomes: { tell: "cooling-down" } });
  });

  it("what happens again and again without effect is written once", async () => {
    useRules([
      { ...overTarget, name: "quiet", when: "daily_spend > 1000" },
      { ...overTarget, name: "unknown", when: "user_satisfaction < 4.0" },
    ]);
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 1 * USD })]);
    const job = decideJob();
    for (const offset of [0, 2000, 4000, 6000]) await job(pipeline.deps, now + offset);
    expect(await decisions()).toMatchObject([
      { rule: "unknown", outcome: "unknown-metric", inputs: '{"user_satisfaction":null}' },
    ]);
  });

  it("goes on with all other rules when one cannot be evaluated, and says which and why in its history, report and alerts", async () => {
    await pipeline.clear("alerts");
    useRules([
      { ...overTarget, name: "broken", when: "int(daily_spend) / int(users_online - users_online) > 1" },
      { ...overTarget, name: "sound", then: { action: "notify" } },
    ]);
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 20 * USD })]);
    const job = decideJob();
    const { details } = await job(pipeline.deps, now);
    expect(details).toMatchObject({
      outcomes: { broken: "condition-error", sound: "fired" },
      problems: { broken: expect.stringContaining("zero") },
    });
    expect(await decisions()).toMatchObject([
      { rule: "broken", outcome: "condition-error" },
      { rule: "sound", outcome: "fired" },
    ]);
    const alerts = () =>
      pipeline.server.warehouse.query({
        sql: "SELECT kind, subject, status, message FROM alerts FINAL",
        row: z.object({ kind: z.string(), subject: z.string(), status: z.string(), message: z.string() }),
      });
    expect(await alerts()).toMatchObject([
      { kind: "rule-failed", subject: "broken", status: "open", message: expect.stringContaining("zero") },
    ]);

    useRules([{ ...overTarget, name: "broken" }]);
    await job(pipeline.deps, now + 2000);
    await job(pipeline.deps, now + 2000 + 6 * MINUTE_MS);
    expect(await alerts()).toMatchObject([{ subject: "broken", status: "resolved" }]);
  });

  it("issues nothing when it only observes, and decides nothing when it is off", async () => {
    const rule = { ...overTarget, name: "watching", then: { action: "fallback-mode" } };
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 20 * USD })]);
    useRules([rule], { mode: "observe" });
    await decideJob()(pipeline.deps, now);
    useRules([rule], { mode: "off" });
    await decideJob()(pipeline.deps, now + 2000);
    expect(active("watching", now)).toEqual([]);
    expect(await decisions()).toMatchObject([{ rule: "watching", outcome: "observed" }]);
  });

  it("a directive that the log did not take is not claimed, and the rule tries again", async () => {
    useRules([{ ...overTarget, name: "unlucky", then: { action: "pause-non-premium" } }]);
    const now = Date.now();
    await pipeline.store([recentRequest(now, { provider: "dear", cost: 20 * USD })]);
    const full: EventLog = {
      ...pipeline.log,
      append: async () => {
        throw new EventLogError("the disk is full");
      },
    };
    const job = decideJob();
    await expect(job({ ...pipeline.deps, log: full }, now)).rejects.toThrow("disk is full");
    expect(await decisions()).toMatchObject([
      { outcome: "blocked", directive_id: "00000000-0000-0000-0000-000000000000" },
    ]);
    await job(pipeline.deps, now + 2000);
    expect(active("unlucky", now + 2000)).toHaveLength(1);
    expect(await decisions()).toMatchObject([{ outcome: "blocked" }, { outcome: "fired" }]);
  });

  it("decides nothing on numbers that could not be read", async () => {
    useRules([
      { ...overTarget, name: "blind", when: "daily_spend < 1.0", then: { action: "fallback-mode" } },
    ]);
    const now = Date.now();
    const failing = { ...pipeline.server.warehouse, query: async () => Promise.reject(new Error("down")) };
    await expect(decideJob()({ ...pipeline.deps, warehouse: failing }, now)).rejects.toThrow("down");
    expect(active("blind", now)).toEqual([]);
  });
});
