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
    expect(unknown.values).toMatchObject({
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
    const requests = Array.from({ length: 400 }, (_, index) =>
      recentRequest(now, {
        feature: "advice",
        outcome: index < 100 ? "cached" : index < 360 ? "ok" : "failed",
        latency_ms: 10 * (index + 1),
        cost: USD / 1000,
      }),
    );
    await pipeline.store(requests);
    const { values: known, estimates } = await readRuleMetrics(
      pipeline.deps.warehouse,
      pipeline.deps.catalog(),
    );
    expect(known.daily_spend).toBeCloseTo(0.4, 9);
    expect(known.cache_hit_rate).toBeCloseTo(100 / 360, 9);
    expect(known.error_rate).toBeCloseTo(40 / 400, 9);
    expect(known.requests_per_minute).toBe(400);
    // Of 260 answers, from 1.01 s to 3.6 s, the 248th; between the 240th and the 254th with 95 % certainty.
    expect(estimates.response_time_ms).toEqual({ value: 3480, low: 3400, high: 3540, sample: 260 });
    // Wilson's interval of 40 of 400, from a published calculator: 7.44 % to 13.32 %.
    expect(estimates.error_rate?.low).toBeCloseTo(0.0744, 3);
    expect(estimates.error_rate?.high).toBeCloseTo(0.1332, 3);
  });

  it("are unknown while a sample is too small for its kind: 99 answers for a 95th percentile, 49 requests for a share", async () => {
    const read = async () => (await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog())).values;
    const store = (length: number) =>
      pipeline.store(Array.from({ length }, () => recentRequest(Date.now(), { feature: "advice" })));
    await pipeline.clear("request_events", "spend_quarter_hours");
    await store(49);
    expect(await read()).toMatchObject({ error_rate: null, cache_hit_rate: null, response_time_ms: null });
    await store(50);
    expect(await read()).toMatchObject({ error_rate: 0, cache_hit_rate: 0, response_time_ms: null });
    await store(1);
    expect((await read()).response_time_ms).not.toBeNull();
  });

  it("count a rating for an answer that exists, by its user through its app, the last one, and each user once", async () => {
    await pipeline.clear("request_events", "spend_quarter_hours", "feedback_events");
    const now = Date.now() - 60_000;
    const users = Array.from({ length: 10 }, (_, index) => `rater-${index}`);
    const requests = users.flatMap((user_id) =>
      Array.from({ length: user_id === "rater-0" ? 30 : 1 }, () =>
        recentRequest(now, { user_id, app_id: "app-1" }),
      ),
    );
    const denied = recentRequest(now, { user_id: "rater-1", outcome: "denied", provider: "", attempts: [] });
    await pipeline.store([...requests, denied]);
    const [, ...others] = users;
    const given = (request_id: string, user_id: string, rating: number, more: object = {}) => ({
      event_id: uuidv7(),
      request_id,
      user_id,
      app_id: "app-1",
      ts: now + 1_000,
      rating,
      comment: "",
      source: "live",
      ...more,
    });
    const requestOf = (user: string) => requests.find(({ user_id }) => user_id === user)?.request_id ?? "";
    const rate = (rows: readonly object[]) =>
      pipeline.deps.warehouse.insert(
        "feedback_events",
        rows.map((row, log_offset) => ({ ...row, log_partition: uuidv7(), log_offset })),
      );
    const read = async () =>
      (await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog())).estimates.user_satisfaction;

    // Nine contented users are too few, and what is not a rating of one's own answer counts for nobody.
    await rate([
      ...others.map((user) => given(requestOf(user), user, 5, { ts: now })),
      ...Array.from({ length: 20 }, (_, index) => given(uuidv7(), `nobody-${index}`, 1)),
      ...others.map((user) => given(requestOf(user), "stranger", 1)),
      ...others.map((user) => given(requestOf(user), user, 1, { app_id: "app-2" })),
      given(denied.request_id, "rater-1", 1),
    ]);
    expect(await read()).toBeNull();

    // One angry user with 30 ratings is one of ten, and who changes a rating has given one.
    await rate([
      ...requests
        .filter(({ user_id }) => user_id === "rater-0")
        .map(({ request_id }) => given(request_id, "rater-0", 1)),
      given(requestOf("rater-1"), "rater-1", 2, { ts: now + 1_000 }),
      given(requestOf("rater-1"), "rater-1", 4, { ts: now + 2_000 }),
    ]);
    expect(await read()).toMatchObject({ value: (8 * 5 + 4 + 1) / 10, sample: 10 });
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
    const { values: metrics } = await readRuleMetrics(pipeline.deps.warehouse, pipeline.deps.catalog());
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
