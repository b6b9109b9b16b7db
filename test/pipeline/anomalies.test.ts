import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { readAlerts } from "../../pipeline/alerts/alert-store.ts";
import { detectAnomaliesJob } from "../../pipeline/jobs/detect-anomalies.ts";
import { readRuleMetrics } from "../../pipeline/rule-metrics.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { startTestControl, type TestControl } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const HOUR_MS = 3_600_000;
const DAYS = 24;
/** The last scripted hour ends here. */
const END_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const FIRST_HOUR = -DAYS * 24;
/** Hours before the end in which something is wrong. */
const OUTAGE = -30;
const LONG_PROMPTS = -20;
const CROWD = -10;
/** The job runs that long after an hour. */
const LATE_MS = 180_000;

const FEATURES = ["advice", "plan", "chat"];
const COUNTRIES = ["DE", "FR", "US", "BR"];

/** Evenly spread over 0..1, the same on every run. */
function chance(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function hourOf(hour: number): RequestEvent[] {
  const usual = 40 + Math.round(10 * Math.sin((2 * Math.PI * hour) / 24) + 4 * chance(hour));
  const requests = Array.from({ length: usual }, (_, index) => requestOf(hour, index));
  if (hour !== CROWD) return requests;
  const crowd = Array.from({ length: 160 }, (_, index) => requestOf(hour, 1_000 + index, { country: "BR" }));
  return [...requests, ...crowd];
}

function requestOf(hour: number, index: number, given: { country?: string } = {}): RequestEvent {
  const seed = hour * 1_000 + index;
  const feature = FEATURES[index % FEATURES.length] ?? "";
  const isLong = hour === LONG_PROMPTS && feature === "plan";
  const preferred = index % 2 === 0 ? "gpt-4o" : "gemini-flash";
  const isDown = hour === OUTAGE && preferred === "gpt-4o";
  const ms = 400 * (0.7 + 0.6 * chance(seed));
  return makeRequestEvent({
    ts: END_MS + hour * HOUR_MS + Math.floor(chance(seed + 0.5) * HOUR_MS),
    user_id: `user-${index}`,
    feature,
    country: COUNTRIES[Math.floor(chance(seed + 0.25) * COUNTRIES.length)] ?? "",
    provider: isDown ? "gemini-flash" : preferred,
    attempts: isDown
      ? [
          { provider: "gpt-4o", outcome: "server-error", ms: 150 },
          { provider: "gemini-flash", outcome: "ok", ms },
        ]
      : [{ provider: preferred, outcome: "ok", ms }],
    latency_ms: ms,
    input_tokens: isLong ? 4_000 : 200,
    cost: Math.round((isLong ? 20 : 1) * 2_000_000 * (0.7 + 0.6 * chance(seed + 0.75))),
    ...given,
  });
}

let pipeline: TestPipeline;
let control: TestControl;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  const { warehouse, catalog } = pipeline.deps;
  control = await startTestControl({ warehouse, catalog });
  for (let hour = FIRST_HOUR; hour < 0; hour += 24) {
    await pipeline.store(Array.from({ length: 24 }, (_, index) => hourOf(hour + index)).flat());
  }
}, 240_000);
afterAll(async () => {
  await control.close();
  await pipeline.close();
});

/** As the timetable does, after the given hour. */
let detectAnomalies = detectAnomaliesJob();
const runAfter = (hour: number) => detectAnomalies(pipeline.deps, END_MS + (hour + 1) * HOUR_MS + LATE_MS);
const openAlerts = async (): Promise<Record<string, string>> => {
  const alerts = await readAlerts(pipeline.deps.warehouse, Date.now());
  return Object.fromEntries(
    alerts
      .filter(({ kind, status }) => kind === "anomaly" && status === "open")
      .map(({ subject, details: { cause } }) => [subject, String(cause)]),
  );
};

describe("detect-anomalies", { timeout: 120_000 }, () => {
  it("the first look only counts, because history may be on its way", async () => {
    expect(await runAfter(OUTAGE)).toMatchObject({ notable: false, againInMs: expect.any(Number) });
    expect(await openAlerts()).toEqual({});
  });

  it("says nothing of usual days", async () => {
    expect(await runAfter(OUTAGE - 1)).toMatchObject({ details: { open: [] } });
    expect(await openAlerts()).toEqual({});
  });

  it("a provider that fails is an alert that names it, after the hour in which it began, and over when it is over", async () => {
    await runAfter(OUTAGE);
    expect(await openAlerts()).toMatchObject({ "error-rate provider=gpt-4o": "provider=gpt-4o" });
    await runAfter(OUTAGE + 1);
    expect(await openAlerts()).toEqual({});
  });

  it("a feature whose prompts are too long is the first cause of what they cost", async () => {
    await runAfter(LONG_PROMPTS);
    expect(await openAlerts()).toMatchObject({ spend: "feature=plan", "request-cost": "feature=plan" });
    await runAfter(LONG_PROMPTS + 2);
    expect(await openAlerts()).toEqual({});
  });

  it("a crowd from one country is told as such", async () => {
    await runAfter(CROWD);
    expect(await openAlerts()).toMatchObject({ requests: "country=BR" });
  });

  it("a second run for the same hour changes nothing", async () => {
    expect(await runAfter(CROWD)).toMatchObject({ details: { alerts: [] }, notable: false });
  });

  it("a rule can ask how unusual things are, and is told that it is not known when nobody has looked", async () => {
    const { warehouse, catalog } = pipeline.deps;
    expect((await readRuleMetrics(warehouse, catalog())).values).toMatchObject({ anomaly_requests: null });
    const run = { job: "detect-anomalies", due_at: Date.now(), started_at: Date.now(), status: "ok" };
    await warehouse.insert("job_runs", [run]);
    const { values: metrics } = await readRuleMetrics(warehouse, catalog());
    expect(metrics.anomaly_requests).toBeGreaterThanOrEqual(0.5);
    expect(metrics.anomaly_error_rate).toBe(0);
  });

  it("GET /api/anomalies tells each one with its causes and money in dollars, the latest first", async () => {
    const { body } = await control.call("GET", "/api/anomalies?metric=spend");
    expect(body).toMatchObject({
      anomalies: expect.arrayContaining([
        expect.objectContaining({
          fromMs: END_MS + LONG_PROMPTS * HOUR_MS,
          isOpen: false,
          causes: expect.arrayContaining([expect.objectContaining({ name: "feature=plan" })]),
          message: expect.stringContaining("feature=plan"),
          expected: expect.closeTo(0.08, 1),
        }),
      ]),
    });
    const open = await control.call("GET", "/api/anomalies?open=true");
    expect(JSON.stringify(open.body)).toContain("country=BR");
  });

  it("without enough hours it asks to run again soon", async () => {
    await pipeline.clear("request_events", "arrivals", "anomalies");
    await pipeline.store(hourOf(-2));
    detectAnomalies = detectAnomaliesJob();
    expect(await runAfter(-1)).toMatchObject({ againInMs: expect.any(Number) });
  });
});
