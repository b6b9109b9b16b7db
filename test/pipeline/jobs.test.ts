import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startSink } from "../../ingest/sink.ts";
import { forecastSpendJob } from "../../pipeline/jobs/forecast-spend.ts";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { reconcileJob } from "../../pipeline/jobs/reconcile.ts";
import { readRealtime, showRealtime } from "../../pipeline/realtime.ts";
import { reconcile } from "../../pipeline/reconciliation.ts";
import { readRuleMetrics } from "../../pipeline/rule-metrics.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const DAY_MS = 86_400_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());

describe("publish-settings", () => {
  it("writes the catalog's values once, and again when they change", async () => {
    expect(await publishSettings(pipeline.deps, Date.now())).toMatchObject({ notable: true });
    expect(await publishSettings(pipeline.deps, Date.now())).toMatchObject({ notable: false });
    pipeline.useCatalog(testCatalog({ targetDailySpend: 25 }));
    expect(await publishSettings(pipeline.deps, Date.now())).toMatchObject({
      details: { keys: ["target_daily_spend_nano"] },
    });
    expect(showRealtime(await readRealtime(pipeline.deps.warehouse))).toMatchObject({
      targetDailySpend: 25,
      dailyBudget: 200,
    });
  });
});

describe("reconcile", () => {
  it("gateway, log and warehouse agree when the sink has caught up, and a dead letter is accounted for", async () => {
    const events = Array.from({ length: 50 }, (_, index) =>
      recentRequest(Date.now(), { cost: index * 1000 + 7 }),
    );
    const records = events.map((event) => ({
      key: event.user_id,
      value: Buffer.from(JSON.stringify(event)),
    }));
    await pipeline.log.append("requests", records);
    const costNano = events.reduce((sum, { cost }) => sum + cost, 0);
    pipeline.useTotals({ events: 50, costNano });
    const before = await reconcile(pipeline.deps);
    expect(before).toMatchObject({ log: { events: 50 }, lag: 50, settled: false, agree: false });

    const sink = await startSink({
      log: pipeline.records,
      warehouse: pipeline.deps.warehouse,
      onError: () => undefined,
      now: Date.now,
      gatherMs: 1,
    });
    await expect.poll(() => sink.lag(), { timeout: 10_000 }).toBe(0);
    expect(await reconcile(pipeline.deps)).toEqual({
      gateway: { events: 50, costNano },
      log: { events: 50 },
      warehouse: { rows: 50, distinct: 50, costNano, duplicates: 0 },
      deadLetters: 0,
      lag: 0,
      missing: 0,
      settled: true,
      agree: true,
    });

    await pipeline.log.append("requests", [{ key: "x", value: Buffer.from('{"event_id":"poison"}') }]);
    pipeline.useTotals({ events: 51, costNano });
    await expect.poll(() => sink.lag(), { timeout: 10_000 }).toBe(0);
    expect(await reconcile(pipeline.deps)).toMatchObject({ deadLetters: 1, missing: 0, lag: 0, agree: true });
    await sink.close();
  });

  it("an event that only the gateway knows is a disagreement", async () => {
    pipeline.useTotals({ events: 52, costNano: 1 });
    expect(await reconcileJob(pipeline.deps, Date.now())).toMatchObject({
      notable: true,
      details: { agree: false, settled: true },
    });
  });
});

describe("rule metrics", () => {
  it("are unknown without enough values, and right with them", async () => {
    await pipeline.clear("request_events", "spend_quarter_hours");
    const unknown = await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog());
    expect(unknown).toMatchObject({
      daily_spend: 0,
      cache_hit_rate: null,
      response_time_ms: null,
      error_rate: null,
      user_satisfaction: null,
      forecast_week_spend: null,
      anomaly_spend: null,
      anomaly_requests: null,
      anomaly_error_rate: null,
      anomaly_latency: null,
      target_spend: 25,
    });
    const now = Date.now();
    const requests = Array.from({ length: 40 }, (_, index) =>
      recentRequest(now, {
        feature: "advice",
        outcome: index < 10 ? "cached" : index < 36 ? "ok" : "failed",
        latency_ms: 100 * (index + 1),
        cost: USD / 100,
      }),
    );
    await pipeline.store(requests);
    const known = await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog());
    expect(known.daily_spend).toBeCloseTo(0.4, 9);
    expect(known.cache_hit_rate).toBeCloseTo(10 / 36, 9);
    expect(known.error_rate).toBeCloseTo(4 / 40, 9);
    expect(known.requests_per_minute).toBe(40);
    expect(known.response_time_ms).toBeGreaterThanOrEqual(3400);
    expect(known.response_time_ms).toBeLessThanOrEqual(3600);
  });
});

describe("forecast-spend", { timeout: 240_000 }, () => {
  const forecastSpend = forecastSpendJob();

  it("says so when there is not enough history", async () => {
    await pipeline.clear("request_events", "spend_quarter_hours");
    const now = Date.now();
    await pipeline.store([makeRequestEvent({ ts: now - 3 * DAY_MS, cost: USD })]);
    expect(await forecastSpend(pipeline.deps, now)).toMatchObject({
      notable: false,
      details: { have: 2, need: 21 },
    });
  });

  it("publishes 90 days with intervals, which rules and the control API read", async () => {
    await pipeline.clear("request_events", "spend_quarter_hours", "forecasts");
    const now = Date.now();
    const days = Array.from({ length: 43 }, (_, index) => index + 1);
    await pipeline.store(
      days.map((ago) => makeRequestEvent({ ts: now - ago * DAY_MS, cost: (10 + (ago % 7)) * USD })),
    );
    expect(await forecastSpend(pipeline.deps, now)).toMatchObject({ notable: true, details: { days: 42 } });
    await forecastSpend(pipeline.deps, now);
    const metrics = await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog());
    expect(metrics.forecast_week_spend).toBeCloseTo(7 * 10 + 21, 3);

    const control = await startTestControl({ ...pipeline.deps });
    const { body } = await control.call("GET", "/api/forecasts");
    const [forecast] = z
      .object({ forecasts: z.array(z.looseObject({ points: z.array(z.unknown()) })) })
      .parse(body).forecasts;
    expect(forecast).toMatchObject({
      series: "daily_spend",
      unit: "usd",
      totals: { nextWeek: expect.closeTo(91, 3) },
    });
    expect(forecast?.points).toHaveLength(90);
    await control.close();
  });
});

describe("the control API on a real warehouse", () => {
  it("answers every list in its documented shape", async () => {
    const now = Date.now();
    await pipeline.deps.warehouse.insert("alerts", [
      {
        id: uuidv7(),
        kind: "cost-spike",
        subject: "",
        severity: "critical",
        status: "open",
        opened_at: now,
        message: "m",
        details: '{"a":1}',
      },
    ]);
    await pipeline.deps.warehouse.insert("decisions", [
      {
        id: uuidv7(),
        ts: now,
        rule: "r",
        priority: "high",
        mode: "act",
        condition: "c",
        inputs: "{}",
        outcome: "fired",
        reason: "x",
        action: "{}",
        instruction: "",
        guard_rails: "[]",
      },
    ]);
    await pipeline.deps.warehouse.insert("job_runs", [
      { job: "j", due_at: now, started_at: now, finished_at: now, status: "ok", report: "{}", error: "" },
    ]);
    const control = await startTestControl({ ...pipeline.deps });
    expect((await control.call("GET", "/api/alerts?status=open")).body).toMatchObject({
      alerts: [{ kind: "cost-spike", details: { a: 1 }, notifiedAt: null, openedAt: now }],
    });
    expect((await control.call("GET", "/api/decisions?rule=r")).body).toMatchObject({
      decisions: [
        { rule: "r", directiveId: null, verdict: null, verifiedAt: null, instruction: null, ts: now },
      ],
    });
    expect((await control.call("GET", `/api/decisions?rule=r&before=${now}`)).body).toEqual({
      decisions: [],
    });
    expect((await control.call("GET", "/api/jobs?job=j")).body).toMatchObject({
      jobs: [],
      runs: [{ job: "j", dueAt: now, status: "ok", error: null }],
    });
    expect((await control.call("GET", "/api/metrics/realtime")).body).toMatchObject({
      requestsPerMinute: expect.any(Number),
      alerts: { providerDown: false },
    });
    expect((await control.call("GET", "/api/metrics/reconciliation")).status).toBe(200);
    await control.close();
  });
});
