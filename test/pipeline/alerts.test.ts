import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { deliverAlerts } from "../../pipeline/jobs/deliver-alerts.ts";
import { evaluateLiveAlerts, evaluateSlowAlerts } from "../../pipeline/jobs/evaluate-alerts.ts";
import { startHttpSink, startSmtpSink } from "./sinks.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const MINUTE_MS = 60_000;

let pipeline: TestPipeline;
let http: Awaited<ReturnType<typeof startHttpSink>>;
let smtp: Awaited<ReturnType<typeof startSmtpSink>>;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  http = await startHttpSink();
  smtp = await startSmtpSink();
  const channels = {
    hook: { type: "webhook", url: `${http.url}/hook` },
    chat: { type: "slack", urlEnv: "CHAT_URL" },
    mail: {
      type: "email",
      url: smtp.url,
      from: "vigor@example.com",
      to: ["ops@example.com", "cfo@example.com"],
    },
    log: { type: "log" },
  };
  pipeline.useCatalog(testCatalog({ targetDailySpend: 10 }, { alerts: { channels, repeatMinutes: 60 } }));
});
afterAll(async () => {
  await Promise.all([http.close(), smtp.close()]);
  await pipeline.close();
});
beforeEach(async () => {
  await pipeline.clear("alerts", "alert_deliveries", "alert_silences", "request_events", "arrivals");
  http.received.length = 0;
  smtp.mails.length = 0;
  http.answer(200);
});

const deps = () => ({
  ...pipeline.deps,
  // These requests came through no gateway: without its totals the books are not known, and no alert.
  gatewayTotals: () => Promise.reject(new Error("no gateway runs")),
  secretOf: (name: string) => (name === "CHAT_URL" ? `${http.url}/chat` : null),
});
const evaluate = async (atMs: number) => {
  await evaluateLiveAlerts(deps(), atMs);
  await evaluateSlowAlerts(deps(), atMs);
};
const deliver = (atMs: number) => deliverAlerts(deps(), atMs);

async function breakProvider(nowMs: number): Promise<void> {
  const attempts = [{ provider: "dear", outcome: "server-error", ms: 5 }];
  await pipeline.store(
    Array.from({ length: 30 }, () => recentRequest(nowMs, { outcome: "failed", attempts })),
  );
}

async function storedAlerts() {
  return pipeline.deps.warehouse.query({
    sql: "SELECT kind, subject, status FROM alerts FINAL ORDER BY opened_at, kind",
    row: z.object({ kind: z.string(), subject: z.string(), status: z.string() }),
  });
}

const told = () => http.received.filter(({ path }) => path === "/hook").map(({ body }) => body);

it("a provider's outage opens one alert and resolves it once, and each channel is told both, once", async () => {
  const now = Date.now();
  await breakProvider(now);
  for (const step of [0, 1, 2]) {
    await evaluate(now + step * 15_000);
    await deliver(now + step * 15_000);
  }
  await pipeline.clear("request_events");
  for (const minute of [1, 3, 7, 8]) {
    await evaluate(now + minute * MINUTE_MS);
    await deliver(now + minute * MINUTE_MS);
  }
  expect(await storedAlerts()).toEqual([{ kind: "provider-down", subject: "dear", status: "resolved" }]);
  const about = { kind: "provider-down", subject: "dear", severity: "critical" };
  expect(told()).toMatchObject([
    { event: "opened", ...about },
    { event: "resolved", ...about },
  ]);
  const chat = http.received.filter(({ path }) => path === "/chat");
  expect(chat.map(({ body }) => z.object({ text: z.string() }).parse(body).text.split("\n")[0])).toEqual([
    "ALERT critical provider-down dear",
    "RESOLVED critical provider-down dear",
  ]);
  expect(smtp.mails.map(({ to }) => to)).toEqual([
    ["ops@example.com", "cfo@example.com"],
    ["ops@example.com", "cfo@example.com"],
  ]);
  expect(smtp.mails[0]?.data).toContain("Subject: [Vigor] ALERT critical provider-down dear");
});

it("two instances that look at the same time open one alert", async () => {
  const now = Date.now();
  await breakProvider(now);
  await Promise.all([evaluate(now), evaluate(now)]);
  expect(await storedAlerts()).toHaveLength(1);
});

it("a channel that fails is tried again until it takes the notice, and the others are told once", async () => {
  const now = Date.now();
  await breakProvider(now);
  await evaluate(now);
  http.answer(500);
  await deliver(now);
  await deliver(now + 5_000);
  expect(told()).toHaveLength(1);
  http.answer(200);
  await deliver(now + 20_000);
  await deliver(now + 60_000);
  expect(told()).toHaveLength(2);
  expect(smtp.mails).toHaveLength(1);
  const deliveries = await pipeline.deps.warehouse.query({
    sql: "SELECT channel, attempts, status FROM alert_deliveries FINAL ORDER BY channel",
    row: z.object({ channel: z.string(), attempts: z.number(), status: z.string() }),
  });
  expect(deliveries).toEqual([
    { channel: "chat", attempts: 2, status: "delivered" },
    { channel: "hook", attempts: 2, status: "delivered" },
    { channel: "log", attempts: 1, status: "delivered" },
    { channel: "mail", attempts: 1, status: "delivered" },
  ]);
});

it("a silence keeps an alert from being told, an acknowledgement from being repeated, both through the control API", async () => {
  const now = Date.now();
  const control = await startTestControl({ ...pipeline.deps });
  const { status, body } = await control.call("POST", "/api/alerts/silences", {
    kind: "provider-down",
    minutes: 30,
    reason: "maintenance",
  });
  expect(status).toBe(201);
  await breakProvider(now);
  await evaluate(now);
  await deliver(now + 1_000);
  expect(told()).toEqual([]);
  expect((await control.call("DELETE", `/api/alerts/silences/${String(body.id)}`)).status).toBe(200);
  await deliver(Date.now() + 2_000);
  expect(told()).toHaveLength(1);
  const list = await control.call("GET", "/api/alerts?status=open");
  const [alert] = z
    .object({ alerts: z.array(z.looseObject({ id: z.string(), notifiedAt: z.number().nullable() })) })
    .parse(list.body).alerts;
  expect(alert?.notifiedAt).not.toBeNull();
  expect((await control.call("POST", `/api/alerts/${alert?.id}/acknowledge`, {})).body).toMatchObject({
    status: "acknowledged",
  });
  await deliver(now + 3 * 60 * MINUTE_MS);
  expect(told()).toHaveLength(1);
  await control.close();
});

it("books that do not agree are an alert, and one of a gateway that does not answer is not", async () => {
  const now = Date.now();
  await pipeline.store([recentRequest(now, {})]);
  await evaluate(now);
  expect(await storedAlerts()).toEqual([]);
  await evaluateSlowAlerts(pipeline.deps, now + 1_000);
  expect(await storedAlerts()).toEqual([{ kind: "books-disagree", subject: "", status: "open" }]);
});
