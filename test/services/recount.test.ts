import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { z } from "zod";
import { recordedCounters } from "../../gateway/usage-journal/recorded-counters.ts";
import type { RedisUsageStoreOptions } from "../../gateway/usage-store.redis.ts";
import { CountersUnknownError, type UsageStore, UsageStoreError } from "../../gateway/usage-store.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import type { Charge, Scope } from "../../models/domain/charge.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { lifetimeSpendKey } from "../../models/policy/charges.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";
import { readableLog } from "../support/readable-log.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { openRedisStore } from "./support/redis-store.ts";

/** A database that no other test uses: it is flushed. */
const URL_OF_OWN = inject("redisUrl").replace("/0", "/9");
const LONG_MS = 30_000;
/** Later than counting would begin if nothing was in flight. */
const LATER_MS = 7_000;
const NOW = Date.now();
const DAY = `user-day:requests:${calendarWindow("day", NOW, "UTC").name}:ada`;

let directory: string;
let log: EventLog;
let admin: Redis;
let prefix: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-recount-"));
  admin = new Redis(URL_OF_OWN);
});
afterAll(async () => {
  await admin.quit();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  prefix = randomUUID();
  log = readableLog(await openEmbeddedEventLog({ directory: join(directory, prefix), writer: "test" }));
  return () => log.close();
});

test("where nothing was ever recorded, requests are taken at once", async () => {
  const { store, dispose } = await open();
  expect(await store.reserve(reservation("first/0", [charge("k", 1, 10)]))).toMatchObject({ ok: true });
  await dispose();
});

test("a Redis that was flushed gets its counters back from the log, and nothing is taken before", async () => {
  const stores = [await open(), await open()];
  await record([
    { cost: 70, outcome: "ok" },
    { cost: 30, outcome: "failed" },
    { cost: 0, outcome: "denied" },
    { cost: 0, outcome: "cached" },
    { cost: 500, outcome: "ok", source: "simulated" },
    { cost: 1_000, outcome: "ok", ts: NOW - 40 * 86_400_000 },
  ]);
  await admin.flushdb();
  const limited = (id: string) => reservation(id, [charge(DAY, 1, 4), charge("other", 5, 100)]);
  for (const { store } of stores)
    await expect(store.reserve(limited("early/0"))).rejects.toThrow("lost its counters");
  await whole(stores.map(({ store }) => store));

  const [first] = stores;
  expect(await first?.store.read([DAY, lifetimeSpendKey()])).toEqual([
    { used: 3, reserved: 0 },
    { used: 1_100, reserved: 0 },
  ]);
  expect(await first?.store.reserve(limited("fourth/0"))).toMatchObject({ ok: true });
  expect(await first?.store.reserve(limited("fifth/0"))).toMatchObject({ ok: false });
  for (const { dispose } of stores) await dispose();
});

test("what is in flight is waited for, and counted when it is over", async () => {
  const [busy, idle] = [await open(), await open()];
  await busy.store.reserve(reservation("in-flight/0", [charge(DAY, 1, 10)]));
  await admin.flushdb();
  const flushedAtMs = Date.now();
  const isLate = (report: string) =>
    z.object({ atMs: z.number() }).parse(JSON.parse(report)).atMs > flushedAtMs + LATER_MS;
  await waitFor(
    "both to have waited",
    async () => {
      const reports = await admin.hvals(`{${prefix}}:reports`);
      return reports.length === 2 && reports.every(isLate);
    },
    LONG_MS,
  );
  await expect(idle.store.reserve(reservation("other/0", [charge(DAY, 1, 10)]))).rejects.toThrow();
  await record([{ cost: 5, outcome: "ok" }]);
  expect(await busy.store.settle("in-flight/0", [1])).toBe(false);
  await whole([idle.store]);
  expect(await idle.store.read([DAY])).toEqual([{ used: 1, reserved: 0 }]);
  await busy.dispose();
  await idle.dispose();
});

test("windows that began before what the log still has are refused by their limits until they end, unless an operator accepts the gap", async () => {
  const [day, week, month] = (["day", "week", "month"] as const).map((grain) =>
    calendarWindow(grain, NOW, "UTC"),
  );
  if (day === undefined || week === undefined || month === undefined) throw new Error("no windows");
  const cut = { ...log, completeSinceMs: async () => month.startMs + 1 };
  const errors: unknown[] = [];
  const gateway = await open({ log: cut, onError: (error) => errors.push(error) });
  const accepting = await open({ log: cut, gapAcceptedUntilMs: Date.now() + 3_600_000 });
  await record([{ cost: 70, outcome: "ok" }]);
  await admin.flushdb();
  await whole([gateway.store, accepting.store]);

  const of = (scope: Scope, limit: number, windowEndsAtMs: number): Charge => ({
    ...{ scope, unit: "nano-usd", key: `${scope}:test`, amount: 1, limit, windowEndsAtMs },
  });
  const ask = ({ store }: typeof gateway, asked: Charge) =>
    store.reserve(reservation(`${randomUUID()}/0`, [asked]));
  const thisMonth = of("user-month", 100, month.endMs);
  await expect(ask(gateway, thisMonth)).rejects.toBeInstanceOf(CountersUnknownError);
  expect(await ask(accepting, thisMonth)).toMatchObject({ ok: true });
  expect(await ask(gateway, of("user-month", Number.POSITIVE_INFINITY, month.endMs))).toMatchObject({
    ok: true,
  });
  expect(await ask(gateway, of("user-month", 100, month.endMs + 1))).toMatchObject({ ok: true });
  const gap = {
    completeSinceMs: month.startMs + 1,
    endsAtMs: Object.fromEntries(
      Object.entries({ day, week, month })
        .filter(([, { startMs }]) => startMs <= month.startMs)
        .map(([grain, { endMs }]) => [grain, endMs]),
    ),
  };
  expect(gateway.store.status()).toEqual({ state: "incomplete", gap, accepted: false });
  expect(accepting.store.status()).toEqual({ state: "incomplete", gap, accepted: true });
  expect(errors.map(String).join()).toContain("USAGE_STORE_ACCEPT_GAP_UNTIL");
  // Who comes later is told, too.
  const later = await open({ log: cut });
  await expect(ask(later, thisMonth)).rejects.toBeInstanceOf(CountersUnknownError);
  for (const { dispose } of [gateway, accepting, later]) await dispose();
});

test("of a request that the log has twice the real event counts, and of two orphaned ones the larger", async () => {
  const { store, dispose } = await open();
  const [answered, died] = [randomUUID(), randomUUID()];
  await record([
    { request_id: answered, outcome: "orphaned", cost: 900 },
    { request_id: answered, outcome: "ok", cost: 7 },
    { request_id: died, outcome: "orphaned", cost: 30 },
    { request_id: died, outcome: "orphaned", cost: 50 },
    { request_id: died, outcome: "orphaned", cost: 40 },
  ]);
  await admin.flushdb();
  await whole([store]);
  expect(await store.read([DAY, lifetimeSpendKey()])).toEqual([
    { used: 2, reserved: 0 },
    { used: 57, reserved: 0 },
  ]);
  await dispose();
});

function open(more: Partial<RedisUsageStoreOptions> & { log?: EventLog } = {}) {
  const recorded = recordedCounters({
    log: more.log ?? log,
    whenShared: async () => true,
    timezone: () => "UTC",
    now: Date.now,
  });
  return openRedisStore(URL_OF_OWN, { prefix, recorded, ...more });
}

async function record(events: Parameters<typeof makeRequestEvent>[0][]): Promise<void> {
  const values = events.map((event) =>
    makeRequestEvent({ ts: NOW, user_id: "ada", source: "live", ...event }),
  );
  const records = values.map((value) => ({ key: "ada", value: Buffer.from(JSON.stringify(value)) }));
  // Twice: a spool may hand over an event again after a crash.
  await log.append("requests", [...records, ...records]);
}

/** Until every store takes reservations again. */
async function whole(stores: readonly UsageStore[]): Promise<void> {
  let at = 0;
  for (const store of stores)
    await waitFor(
      "the counters",
      async () => {
        const probe = reservation(`probe-${at++}/0`, [charge("probe", 1, 1_000)]);
        try {
          await store.reserve(probe);
        } catch (error) {
          if (error instanceof UsageStoreError) return false;
          throw error;
        }
        return store.release(probe.id);
      },
      LONG_MS,
    );
}
