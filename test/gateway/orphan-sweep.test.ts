import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweepOrphans } from "../../gateway/orphan-sweep.ts";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import type { Charge } from "../../models/domain/charge.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";

const SPEND = "global-lifetime:nano-usd:ever:";
const REQUESTS = "user-day:requests:2026-11-24:user-1";

let directory: string;
let gateway: TestGateway | null = null;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-orphan-"));
});
afterEach(async () => {
  await gateway?.close();
  gateway = null;
  await rm(directory, { recursive: true, force: true });
});

/** What a gateway leaves behind that dies while its request's last attempt runs: reserved amounts and what was billed before, in order. */
async function leaveBehind(attempts: readonly { boundNano: number; priorNano: number }[]): Promise<void> {
  const store = await openEmbeddedUsageStore({ directory: join(directory, "usage"), now: Date.now });
  const facts = makeRequestEvent();
  for (const [index, { boundNano, priorNano }] of attempts.entries()) {
    const money = charge({ scope: "global-lifetime", unit: "nano-usd", key: SPEND, amount: boundNano });
    const request = charge({ scope: "user-day", unit: "requests", key: REQUESTS, amount: 1 });
    await store.reserve({
      id: `${facts.request_id}/${index}`,
      charges: index === 0 ? [request, money] : [money],
      expiresAtMs: 0,
      memo: JSON.stringify({ ...facts, prior_cost: priorNano }),
    });
  }
  await store.close();
}

function charge(of: Pick<Charge, "scope" | "unit" | "key" | "amount">): Charge {
  return { ...of, limit: Number.POSITIVE_INFINITY, windowEndsAtMs: 8.64e15 };
}

async function sweep(recording = new Set<string>()): Promise<TestGateway> {
  gateway ??= await startTestGateway({ directory });
  await sweepOrphans(gateway.running.gateway, recording);
  await gateway.running.gateway.recorder.flushed(5_000);
  return gateway;
}

test("a request that died with two attempts open becomes one orphaned event, which costs what the counters were charged", async () => {
  // The first attempt was bounded by 100 and reported 30; the second one may have cost 200.
  await leaveBehind([
    { boundNano: 100, priorNano: 0 },
    { boundNano: 200, priorNano: 30 },
  ]);
  const swept = await sweep();
  expect(await swept.events()).toMatchObject([{ outcome: "orphaned", cost: 230 }]);
  expect(await swept.usage.read([SPEND, REQUESTS])).toEqual([
    { used: 230, reserved: 0 },
    { used: 1, reserved: 0 },
  ]);
});

test("a sweep that dies after its event and before it has settled is repeated by the next one, and nothing counts twice", async () => {
  await leaveBehind([
    { boundNano: 100, priorNano: 0 },
    { boundNano: 200, priorNano: 100 },
  ]);
  gateway = await startTestGateway({ directory });
  const { usage } = gateway;
  const reservations = await usage.expiredReservations(Date.now());
  const [first] = reservations;
  if (first === undefined) throw new Error("nothing was left behind");
  const recorded = makeRequestEvent({
    ...JSON.parse(first.memo),
    outcome: "orphaned",
    cost: 300,
  });
  await gateway.log.append("requests", [{ key: "user-1", value: Buffer.from(JSON.stringify(recorded)) }]);
  await usage.settle(first.id, [1, 0]);
  await gateway.close();
  gateway = null;

  const swept = await sweep();
  const events = await swept.events();
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1);
  expect(events.map(({ cost }) => cost)).toEqual([300, 300]);
  expect(await swept.usage.read([SPEND, REQUESTS])).toEqual([
    { used: 300, reserved: 0 },
    { used: 1, reserved: 0 },
  ]);
});
