import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { lookAround } from "../../gateway/condition-watch.ts";
import { nanoFromUsd, usdFromNano } from "../../models/domain/money.ts";
import { safeguardKeys } from "../../models/policy/charges.ts";
import { alertOfConditions } from "../../pipeline/jobs/alert-of-conditions.ts";
import { testCatalog } from "../support/test-catalog.ts";
import type { TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestLoop, type TestLoop } from "./test-loop.ts";

const DAY_MS = 24 * 3_600_000;
const DAILY_USD = 10;
const catalog = testCatalog({ safeguards: { dailyBudget: DAILY_USD, weeklyBudget: 1000 } });

let skippedMs = 0;
const now = (): number => Date.now() + skippedMs;

let loop: TestLoop;
let gateway: TestGateway;

beforeAll(async () => {
  loop = await startTestLoop(catalog, now);
  gateway = loop.gateway;
  await gateway.setTier("payer", "unlimited");
});

afterAll(() => loop.close());

it("spend that is driven to 90, 95 and 100 % and back shows each stage at the gateway, in the log and as one alert", async () => {
  expect(await answers()).toEqual({ free: 200, payer: 200, provider: "best" });

  await spendUpTo(0.9);
  expect(await answers()).toEqual({ free: "non_premium_paused", payer: 200, provider: "best" });
  await alertIs({ status: "open", severity: "warning", state: "paused" });

  await spendUpTo(0.95);
  expect(await answers()).toEqual({ free: "non_premium_paused", payer: 200, provider: "cheap" });
  await alertIs({ status: "open", severity: "critical", state: "fallback" });

  await spendUpTo(1);
  expect(await answers()).toEqual({ free: "spending_stopped", payer: "spending_stopped", provider: null });
  await alertIs({ status: "open", severity: "critical", state: "stopped" });

  // No request is needed to see that a new day has begun.
  skippedMs += DAY_MS;
  await waitFor("the normal stage", async () => (await readiness()).safeguardStage === "normal");
  expect(await answers()).toEqual({ free: 200, payer: 200, provider: "best" });
  await alertIs({ status: "resolved", severity: "critical", state: "stopped" });
  expect(await stagesInWarehouse()).toEqual([
    "normal>paused",
    "paused>fallback",
    "fallback>stopped",
    "stopped>normal",
  ]);
});

it("the alerting job run again writes nothing", async () => {
  await loop.directory.catchUp("directives");
  expect(await alertOfConditions(loop.deps, now())).toMatchObject({ notable: false });
});

it("a denial of the safeguards tells when the day is over, and its event says why", async () => {
  await spendUpTo(0.9);
  const response = await gateway.post(ask, { "x-vigor-user": "late" });
  const { day } = gateway.running.gateway.windows(now());
  const leftSeconds = Math.ceil((day.endMs - now()) / 1000);
  expect(Math.abs(Number(response.headers.get("retry-after")) - leftSeconds)).toBeLessThanOrEqual(60);
  const event = (await gateway.events()).find(({ user_id }) => user_id === "late");
  expect(event).toMatchObject({ outcome: "denied", denial_reason: "non_premium_paused", cost: 0 });
});

const ask = { model: "auto", messages: [{ role: "user", content: "hello" }] };

/** What a free user and a paying one get: 200 or the error's code. */
async function answers(): Promise<{ free: unknown; payer: unknown; provider: string | null }> {
  const free = await gateway.post(ask, { "x-vigor-user": "visitor" });
  const payer = await gateway.post(ask, { "x-vigor-user": "payer" });
  return {
    free: await codeOf(free),
    payer: await codeOf(payer),
    provider: payer.headers.get("x-vigor-provider"),
  };
}

async function codeOf(response: Response): Promise<unknown> {
  const body = z
    .looseObject({ error: z.object({ code: z.string() }).optional() })
    .parse(await response.json());
  return body.error?.code ?? response.status;
}

/** Others spend until the day's spend is at this share of its limit. */
async function spendUpTo(share: number): Promise<void> {
  await gateway.running.gateway.recorder.flushed(5_000);
  const windows = gateway.running.gateway.windows(now());
  const { day: key } = safeguardKeys(windows);
  const [state] = await gateway.usage.read([key]);
  const amount = nanoFromUsd(DAILY_USD * share - usdFromNano(state?.used ?? 0));
  const id = uuidv7();
  const reserved = await gateway.usage.reserve({
    id,
    charges: [
      {
        scope: "global-day",
        unit: "nano-usd",
        key,
        amount,
        limit: Number.POSITIVE_INFINITY,
        windowEndsAtMs: windows.day.endMs,
      },
    ],
    expiresAtMs: now() + DAY_MS,
    memo: "{}",
  });
  expect(reserved.ok).toBe(true);
  await gateway.usage.settle(id, [amount]);
  await lookAround(gateway.running.gateway);
}

async function readiness() {
  const response = await fetch(`${gateway.url}/readyz`);
  return z.looseObject({ safeguardStage: z.string() }).parse(await response.json());
}

/** There is one alert, and it becomes this one when the job has seen what is in the log. */
async function alertIs(wanted: { status: string; severity: string; state: string }): Promise<void> {
  const rows = await waitFor(`the alert of ${wanted.state}, ${wanted.status}`, async () => {
    await loop.directory.catchUp("directives");
    await alertOfConditions(loop.deps, now());
    const found = await loop.warehouse.query({
      sql: "SELECT status, severity, JSONExtractString(details, 'state') AS state FROM alerts FINAL",
      row: z.object({ status: z.string(), severity: z.string(), state: z.string() }),
    });
    return found.some(({ status, state }) => status === wanted.status && state === wanted.state)
      ? found
      : null;
  });
  expect(rows).toEqual([wanted]);
}

async function stagesInWarehouse(): Promise<string[]> {
  return waitFor("four changes in the warehouse", async () => {
    const rows = await loop.warehouse.query({
      sql: `SELECT JSONExtractString(params, 'from') || '>' || JSONExtractString(params, 'to') AS change
            FROM directive_events FINAL WHERE type = 'condition' AND kind = 'safeguard' ORDER BY ts`,
      row: z.object({ change: z.string() }),
    });
    return rows.length >= 4 ? rows.map(({ change }) => change) : null;
  });
}
