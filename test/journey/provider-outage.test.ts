import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { RESOLVE_AFTER_MS } from "../../models/alerts/alert.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { deliverAlerts } from "../../pipeline/jobs/deliver-alerts.ts";
import { evaluateLiveAlerts } from "../../pipeline/jobs/evaluate-alerts.ts";
import { reconcile } from "../../pipeline/reconciliation.ts";
import { startHttpSink } from "../pipeline/sinks.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestLoop, type TestLoop } from "./test-loop.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const PRIMARY = "best";
const SECONDARY = "good";
/** Fewer than the warehouse by itself would call an outage: so it is the gateway's breaker that the alert follows. */
const REQUESTS = 8;

let skippedMs = 0;
const now = (): number => Date.now() + skippedMs;
const monotonicMs = (): number => performance.now() + skippedMs;

let loop: TestLoop;
let hook: Awaited<ReturnType<typeof startHttpSink>>;

beforeAll(async () => {
  hook = await startHttpSink();
  const channels = { hook: { type: "webhook", url: `${hook.url}/hook` } };
  loop = await startTestLoop(testCatalog({ alerts: { channels } }), now, { monotonicMs });
  await loop.gateway.setTier("ada", "unlimited");
});

afterAll(async () => {
  await loop.close();
  await hook.close();
});

it("a provider that goes down is replaced, its breaker opens, people are told; it comes back by itself, and they are told once", async () => {
  expect((await ask()).provider).toBe(PRIMARY);

  loop.gateway.provider.setBehaviour(PRIMARY, { down: true });
  const during: RequestEvent[] = [];
  for (let at = 0; at < REQUESTS; at += 1) during.push(await ask());
  expect(during.map(({ outcome, provider }) => [outcome, provider])).toEqual(
    Array.from({ length: REQUESTS }, () => ["ok", SECONDARY]),
  );
  expect(calledBy(during[0])).toEqual([PRIMARY, SECONDARY]);
  // With its breaker open nobody waits for it any more.
  expect(breaker()).toBe("open");
  expect(calledBy(during.at(-1))).toEqual([SECONDARY]);

  await alertIs("open", 0);
  await tell(0);
  expect(told()).toEqual(["opened"]);
  await alertIs("open", 15 * SECOND_MS);
  await tell(15 * SECOND_MS);
  expect(told()).toEqual(["opened"]);

  loop.gateway.provider.setBehaviour(PRIMARY, {});
  await waitFor("the traffic to return, without anybody's help", async () => {
    skippedMs += 2 * SECOND_MS;
    const { outcome, provider } = await ask();
    expect(outcome).toBe("ok");
    return provider === PRIMARY;
  });
  expect(breaker()).toBe("closed");
  expect(calledBy(await ask())).toEqual([PRIMARY]);

  // Over, but it must stay so for a while before anybody is told.
  await alertIs("open", 0, true);
  await tell(0);
  expect(told()).toEqual(["opened"]);
  const laterMs = RESOLVE_AFTER_MS;
  await alertIs("resolved", laterMs);
  await tell(laterMs);
  await evaluateLiveAlerts(loop.deps, now() + laterMs + MINUTE_MS);
  await tell(laterMs + MINUTE_MS);
  expect(told()).toEqual(["opened", "resolved"]);
  await waitFor("every request in the warehouse", async () => (await reconcile(loop.deps)).agree);
  expect((await loop.gateway.events()).every(({ outcome }) => outcome === "ok")).toBe(true);
}, 120_000);

async function ask(): Promise<RequestEvent> {
  const body = { model: "auto", messages: [{ role: "user", content: "Plan my week." }] };
  const response = await loop.gateway.post(body, { "x-vigor-user": "ada" });
  await response.text();
  const id = response.headers.get("x-vigor-request-id");
  const event = (await loop.gateway.events()).find(({ request_id }) => request_id === id);
  if (event === undefined) throw new Error("the request left no event");
  return event;
}

function calledBy(event: RequestEvent | undefined): string[] | undefined {
  return event?.attempts.map(({ provider }) => provider);
}

function breaker() {
  return loop.gateway.running.gateway.health.states().get(PRIMARY)?.breaker;
}

/** There is one alert of the outage, and it becomes this one when the job has seen what the gateway said. */
async function alertIs(status: "open" | "resolved", inMs: number, isOver = false): Promise<void> {
  const rows = await waitFor(`the alert, ${status}`, async () => {
    await loop.directory.catchUp("directives");
    await evaluateLiveAlerts(loop.deps, now() + inMs);
    const found = await loop.warehouse.query({
      sql: "SELECT subject, status, CAST(JSONHas(details, 'clearSince'), 'Bool') AS is_over FROM alerts FINAL WHERE kind = 'provider-down'",
      row: z.object({ subject: z.string(), status: z.string(), is_over: z.boolean() }),
    });
    return found.some((row) => row.status === status && row.is_over === isOver) ? found : null;
  });
  expect(rows).toEqual([{ subject: PRIMARY, status, is_over: isOver }]);
}

async function tell(inMs: number): Promise<void> {
  await deliverAlerts(loop.deps, now() + inMs);
}

/** What the channel heard of the outage, in order. */
function told(): string[] {
  const notice = z.object({ kind: z.string(), subject: z.string(), event: z.string() });
  return hook.received
    .map(({ body }) => notice.parse(body))
    .filter(({ kind }) => kind === "provider-down")
    .map(({ subject, event }) => {
      expect(subject).toBe(PRIMARY);
      return event;
    });
}
