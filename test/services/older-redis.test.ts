import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SharedUsageStore } from "../../gateway/redis/shared-usage-store.ts";
import { recordedCounters } from "../../gateway/usage-journal/recorded-counters.ts";
import type { RedisUsageStoreOptions } from "../../gateway/usage-store.redis.ts";
import { UsageStoreError } from "../../gateway/usage-store.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import { readEvents } from "../../ingest/read-events.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { type RedisServer, startRedisServer } from "./support/redis-server.ts";
import { openRedisStore } from "./support/redis-store.ts";

const LONG_MS = 30_000;
const NOW = Date.now();
const DAY = `user-day:requests:${calendarWindow("day", NOW, "UTC").name}:ada`;

let directory: string;
let server: RedisServer;
let log: EventLog;
let prefix: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-older-"));
  server = await startRedisServer();
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  prefix = randomUUID();
  const records = await openEmbeddedEventLog({ directory: join(directory, prefix), writer: "test" });
  log = readEvents(records, () => {});
  return () => log.close();
});

test("a Redis that comes back older than it was serves no money until its counters are made anew from the log", async () => {
  const gateways = [await open(), await open()] as const;
  const [{ store }, other] = gateways;
  await request(store, "first");
  const [settledLater, died] = [randomUUID(), randomUUID()];
  await store.reserve(reservation(`${settledLater}/0`, [charge(DAY, 1, 100)]));
  await store.reserve(reservation(`${died}/0`, [charge(DAY, 1, 100)], { expiresAtMs: 5 }));
  const older = await server.copy();
  await record(settledLater);
  await store.settle(`${settledLater}/0`, [1]);
  await record(died);
  await store.settle(`${died}/0`, [1]);
  await request(store, "second");
  await server.kill();
  await server.restart(older);

  await waitFor("the connection", () => isRefused(store, "older ones"));
  await waitFor("the other gateway", () => isRefused(other.store, "older ones"));
  await Promise.all(gateways.map((gateway) => taken(gateway.store)));
  expect(store.status()).toEqual({ state: "ready" });
  expect(await other.store.read([DAY])).toEqual([{ used: 4, reserved: 0 }]);
  // What the older state had open was over: nothing of it is left that could be billed again.
  expect(await other.store.expiredReservations(Date.now())).toEqual([]);
  expect(await store.reserve(reservation("then/0", [charge(DAY, 97, 100)]))).toMatchObject({ ok: false });
  await Promise.all(gateways.map(({ dispose }) => dispose()));
}, 60_000);

test("what was acknowledged to one gateway alone is missed, however far another one has gone on meanwhile", async () => {
  const [lost, ahead] = [await open(), await open()];
  await request(ahead.store, "before");
  const older = await server.copy();
  await request(lost.store, "lost");
  await server.kill();
  await server.restart(older);
  await waitFor("the connection", () => answers(ahead.store));
  for (let at = 0; at < 20; at++) await ahead.store.release(`none-${at}/0`);
  for (let at = 0; at < 20; at++) {
    // Refused as soon as the other gateway has noticed by itself.
    await request(ahead.store, `ahead-${at}`).catch((error: unknown) => {
      if (!(error instanceof UsageStoreError)) throw error;
    });
  }
  await waitFor("the refusal", () => isRefused(lost.store, "older ones"));
  await Promise.all([taken(lost.store), taken(ahead.store)]);
  const recorded = (await scanned()).length;
  expect(await lost.store.read([DAY])).toEqual([{ used: recorded, reserved: 0 }]);
  await Promise.all([lost.dispose(), ahead.dispose()]);
}, 60_000);

test("a gateway that restarts notices what Redis has lost while it was away", async () => {
  const lineageFile = join(directory, prefix, "redis.json");
  const before = await open({ lineageFile });
  await request(before.store, "first");
  const older = await server.copy();
  await request(before.store, "second");
  await before.dispose();
  await server.kill();
  await server.restart(older);

  const after = await open({ lineageFile });
  await expect(after.store.reserve(reservation("then/0", [charge(DAY, 1, 100)]))).rejects.toThrow(
    "older ones",
  );
  expect(after.store.status()).toEqual({ state: "rebuilding" });
  await taken(after.store);
  expect(await after.store.read([DAY])).toEqual([{ used: 2, reserved: 0 }]);
  await after.dispose();
}, 60_000);

test("a Redis that was killed and kept everything goes on at once", async () => {
  const { store, dispose } = await open();
  await request(store, "first");
  await server.kill();
  await server.restart();
  await waitFor("the connection", () => answers(store));
  expect(await store.reserve(reservation("then/0", [charge(DAY, 1, 100)]))).toMatchObject({ ok: true });
  expect(await store.read([DAY])).toEqual([{ used: 1, reserved: 1 }]);
  await dispose();
});

function open(more: Partial<RedisUsageStoreOptions> = {}) {
  const whenShared = async (): Promise<boolean> => true;
  const recorded = recordedCounters({ log, whenShared, timezone: () => "UTC", now: Date.now });
  return openRedisStore(server.url, { prefix, recorded, ...more });
}

/** As a gateway does it: reserved, recorded, settled. */
async function request(store: SharedUsageStore, name: string): Promise<void> {
  const id = randomUUID();
  const result = await store.reserve(reservation(`${id}/0`, [charge(DAY, 1, 100)], { memo: `"${name}"` }));
  expect(result).toMatchObject({ ok: true });
  await record(id);
  await store.settle(`${id}/0`, [1]);
}

async function record(id: string): Promise<void> {
  const event = makeRequestEvent({ request_id: id, ts: NOW, user_id: "ada", cost: 0 });
  await log.append("requests", [{ key: "ada", value: Buffer.from(JSON.stringify(event)) }]);
}

async function scanned(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { request_id } of log.scan("requests", 0)) ids.push(request_id);
  return ids;
}

async function answers(store: SharedUsageStore): Promise<boolean> {
  try {
    await store.read(["any"]);
    return true;
  } catch (error) {
    if (error instanceof UsageStoreError) return false;
    throw error;
  }
}

async function isRefused(store: SharedUsageStore, because: string): Promise<boolean> {
  const probe = `refused-${randomUUID()}/0`;
  try {
    await store.reserve(reservation(probe, [charge("probe", 1, 1_000)]));
    await store.release(probe);
    return false;
  } catch (error) {
    if (error instanceof UsageStoreError) return error.message.includes(because);
    throw error;
  }
}

/** Until it takes reservations again. */
function taken(store: SharedUsageStore): Promise<boolean> {
  return waitFor(
    "the counters",
    async () => {
      const probe = `taken-${randomUUID()}/0`;
      try {
        await store.reserve(reservation(probe, [charge("probe", 1, 1_000)]));
      } catch (error) {
        if (error instanceof UsageStoreError) return false;
        throw error;
      }
      return store.release(probe);
    },
    LONG_MS,
  );
}
