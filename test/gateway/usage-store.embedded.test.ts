import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordedCounters } from "../../gateway/usage-journal/recorded-counters.ts";
import {
  type EmbeddedUsageStoreOptions,
  openEmbeddedUsageStore,
} from "../../gateway/usage-store.embedded.ts";
import { CountersUnknownError, type UsageStore } from "../../gateway/usage-store.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import { readEvents } from "../../ingest/read-events.ts";
import type { Charge } from "../../models/domain/charge.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { charge, reservation, usageStoreContract } from "../contract/usage-store.contract.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";

let directory: string;
let nowMs: number;
const opened: UsageStore[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "vigor-usage-"));
  nowMs = Date.UTC(2026, 10, 24, 12);
});

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((store) => store.close()));
  await rm(directory, { recursive: true, force: true });
});

async function openStore(more: Partial<EmbeddedUsageStoreOptions> = {}): Promise<UsageStore> {
  const store = await openEmbeddedUsageStore({
    directory,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    ...more,
  });
  opened.push(store);
  return store;
}

usageStoreContract("the embedded store", async () => {
  const own = await mkdtemp(path.join(tmpdir(), "vigor-usage-"));
  const store = await openEmbeddedUsageStore({ directory: own, now: Date.now });
  return {
    store,
    dispose: async () => {
      await store.close();
      await rm(own, { recursive: true });
    },
  };
});

usageStoreContract("the embedded store that takes snapshots all the time", async () => {
  const own = await mkdtemp(path.join(tmpdir(), "vigor-usage-"));
  const store = await openEmbeddedUsageStore({ directory: own, now: Date.now, snapshotAfterBytes: 1 });
  return {
    store,
    dispose: async () => {
      await store.close();
      await rm(own, { recursive: true });
    },
  };
});

describe("what the embedded store keeps", () => {
  test("counters and open reservations are there after closing and opening, with every field", async () => {
    const left = reservation("left/0", [charge("k", 5, 100)], { expiresAtMs: 10, memo: '{"a":"€"}' });
    const first = await openStore();
    await first.reserve(left);
    await first.reserve(reservation("done/0", [charge("k", 9, 100)]));
    await first.settle("done/0", [4]);
    await first.close();
    const second = await openStore();
    expect(await second.read(["k"])).toEqual([{ used: 4, reserved: 5 }]);
    expect(await second.expiredReservations(10)).toEqual([left]);
    expect(await second.settle("left/0", [5])).toBe(true);
    await second.close();
    const third = await openStore();
    expect(await third.read(["k"])).toEqual([{ used: 9, reserved: 0 }]);
  });

  test("what an earlier process left open is over at once, whatever its time", async () => {
    const left = reservation("left/0", [charge("k", 5, 100)], { expiresAtMs: Number.MAX_SAFE_INTEGER });
    const first = await openStore();
    await first.reserve(left);
    expect(await first.expiredReservations(10)).toEqual([]);
    await first.close();
    const second = await openStore();
    await second.reserve(reservation("own/0", [charge("k", 5, 100)], { expiresAtMs: 11 }));
    expect(await second.expiredReservations(10)).toEqual([left]);
    await second.close();
  });

  test("a torn tail is cut off and nothing before it is lost", async () => {
    const first = await openStore();
    await first.reserve(reservation("a/0", [charge("k", 5, 100)]));
    await first.close();
    const [segment = ""] = await segments();
    const whole = await readFile(path.join(directory, segment));
    for (const torn of [whole.subarray(0, whole.length - 1), Buffer.alloc(4096), Buffer.from([9, 0, 0])]) {
      await appendFile(path.join(directory, segment), torn);
      const store = await openStore();
      expect(await store.read(["k"])).toEqual([{ used: 0, reserved: 5 }]);
      await store.close();
      expect((await stat(path.join(directory, segment))).size).toBe(whole.length);
      for (const newer of (await segments()).slice(1)) await rm(path.join(directory, newer));
    }
  });

  test("damage before the last segment is refused rather than guessed around", async () => {
    for (const id of ["a/0", "b/0"]) {
      const store = await openStore();
      await store.reserve(reservation(id, [charge("k", 5, 100)]));
      await store.close();
    }
    const file = path.join(directory, (await segments())[0] ?? "");
    const content = await readFile(file);
    content[content.length - 2] = (content[content.length - 2] ?? 0) ^ 1;
    await writeFile(file, content);
    await expect(openStore()).rejects.toThrow(/damaged/);
  });

  test("a journal of which a file is missing is refused rather than counted without it", async () => {
    for (const id of ["a/0", "b/0", "c/0"]) {
      const store = await openStore();
      await store.reserve(reservation(id, [charge("k", 5, 100)]));
      await store.close();
    }
    for (const missing of [0, 1]) {
      const file = path.join(directory, (await segments())[missing] ?? "");
      const content = await readFile(file);
      await rm(file);
      await expect(openStore()).rejects.toThrow(/missing.*Move the directory away/s);
      await writeFile(file, content);
    }
    expect(await (await openStore()).read(["k"])).toEqual([{ used: 0, reserved: 15 }]);
  });

  test("a snapshot replaces the journal before it and holds exactly the same", async () => {
    const store = await openStore({ snapshotAfterBytes: 4_096 });
    for (let round = 0; round < 300; round++) {
      await store.reserve(
        reservation(`${round}/0`, [charge(`k${round % 7}`, 3, 1e9), charge("all", 3, 1e9)]),
      );
      if (round % 3 > 0) await store.settle(`${round}/0`, [2, 2]);
    }
    const keys = ["all", "k0", "k1", "k2", "k3", "k4", "k5", "k6"];
    const before = await store.read(keys);
    await store.close();
    const names = await readdir(directory);
    expect(names.filter((name) => name.endsWith(".snapshot"))).toHaveLength(1);
    expect(names.length).toBeLessThan(6);
    const again = await openStore();
    expect(await again.read(keys)).toEqual(before);
    expect(await again.read(["all"])).toEqual([{ used: 400, reserved: 300 }]);
  });

  test("counters of windows that are over are forgotten, those in grace and in use are not", async () => {
    const store = await openStore();
    const ending = (key: string, windowEndsAtMs: number) => ({ ...charge(key, 1, 9), windowEndsAtMs });
    await store.reserve(
      reservation("a/0", [ending("over", nowMs + 1_000), ending("later", nowMs + 7_200_000)]),
    );
    await store.settle("a/0", [1, 1]);
    await store.reserve(reservation("b/0", [ending("held", nowMs + 1_000)]));
    nowMs += 3_700_000;
    await store.reserve(reservation("c/0", [ending("new", nowMs + 9_000_000)]));
    await store.close();
    expect(await store.read(["over", "later", "held", "new"])).toEqual([
      { used: 0, reserved: 0 },
      { used: 1, reserved: 0 },
      { used: 0, reserved: 1 },
      { used: 0, reserved: 1 },
    ]);
  });

  test("at start, requests that the event log knows to be over are settled at its cost, once, and the others stay", async () => {
    const first = await openStore();
    const requests = { ...charge("n", 1, 9), unit: "requests" as const };
    await first.reserve(reservation("logged/0", [requests, charge("usd", 50, 999)]));
    await first.reserve(reservation("logged/1", [charge("usd", 70, 999)]));
    await first.reserve(reservation("lost/0", [charge("usd", 90, 999)]));
    await first.close();
    const asked: number[] = [];
    const second = await openStore({
      async *settledSince(sinceMs) {
        asked.push(sinceMs);
        yield { requestId: "somebody-else", cost: 1 };
        yield { requestId: "logged", cost: 12 };
        yield { requestId: "logged", cost: 12 };
      },
    });
    expect(await second.read(["n", "usd"])).toEqual([
      { used: 1, reserved: 0 },
      { used: 12, reserved: 90 },
    ]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBeLessThan(nowMs);
  });

  test("the log is not asked when no reservation was left", async () => {
    const store = await openStore({
      settledSince: () => {
        throw new Error("asked");
      },
    });
    expect(await store.read(["k"])).toEqual([{ used: 0, reserved: 0 }]);
  });

  test("amounts that cannot be counted take nothing", async () => {
    const store = await openStore();
    for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => store.reserve(reservation("a/0", [charge("k", 1, 9), charge("l", amount, 9)]))).toThrow(
        RangeError,
      );
    }
    expect(await store.read(["k", "l"])).toEqual([
      { used: 0, reserved: 0 },
      { used: 0, reserved: 0 },
    ]);
    await store.reserve(reservation("b/0", [charge("k", 1, 9)]));
    expect(() => store.settle("b/0", [Number.NaN])).toThrow(RangeError);
    expect(() => store.settle("b/0", [])).toThrow(RangeError);
  });

  test("a closed store takes nothing more", async () => {
    const store = await openStore();
    await store.close();
    await expect(store.reserve(reservation("a/0", [charge("k", 1, 9)]))).rejects.toThrow(/closed/);
  });
});

async function segments(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith(".journal")).sort();
}

describe("when the journal is lost and the event log is not", () => {
  const MONTH = calendarWindow("month", Date.UTC(2026, 10, 24, 12), "UTC");
  const SPENT = `user-month:nano-usd:${MONTH.name}:ada`;
  const thisMonth = (amount: number): Charge => ({
    ...charge(SPENT, amount, 100),
    ...{ scope: "user-month", windowEndsAtMs: MONTH.endMs },
  });
  let log: EventLog;
  let completeSinceMs: number;

  beforeEach(async () => {
    completeSinceMs = 0;
    const opened = await openEmbeddedEventLog({ directory: path.join(directory, "log"), writer: "test" });
    log = { ...readEvents(opened, () => {}), completeSinceMs: async () => completeSinceMs };
    const event = makeRequestEvent({ ts: nowMs, user_id: "ada", cost: 60 });
    await log.append("requests", [{ key: "ada", value: Buffer.from(JSON.stringify(event)) }]);
    return () => log.close();
  });

  const openWithLog = (more: Partial<EmbeddedUsageStoreOptions> = {}): Promise<UsageStore> =>
    openStore({
      directory: path.join(directory, "usage"),
      recorded: recordedCounters({
        log,
        whenShared: async () => true,
        timezone: () => "UTC",
        now: () => nowMs,
      }),
      ...more,
    });

  test("the counters are made anew from the log before anything is reserved, and stay after a restart", async () => {
    const first = await openWithLog();
    expect(first.status()).toEqual({ state: "ready" });
    expect(await first.read([SPENT])).toEqual([{ used: 60, reserved: 0 }]);
    expect(await first.reserve(reservation("a/0", [thisMonth(41)]))).toMatchObject({ ok: false });
    expect(await first.reserve(reservation("b/0", [thisMonth(40)]))).toMatchObject({ ok: true });
    await first.close();
    const second = await openWithLog();
    expect(await second.read([SPENT])).toEqual([{ used: 60, reserved: 40 }]);
  });

  test("a window that began before what the log still has is refused, after a restart, too, until it ends or the gap is accepted", async () => {
    completeSinceMs = MONTH.startMs + 1;
    const told: unknown[] = [];
    const first = await openWithLog({ onError: (error) => told.push(error) });
    expect(told.map(String).join()).toContain("USAGE_STORE_ACCEPT_GAP_UNTIL");
    expect(first.status()).toMatchObject({ state: "incomplete", accepted: false });
    expect(() => first.reserve(reservation("a/0", [thisMonth(1)]))).toThrow(CountersUnknownError);
    expect(await first.reserve(reservation("b/0", [charge("k", 1, 100)]))).toMatchObject({ ok: true });
    await first.close();

    const second = await openWithLog();
    expect(() => second.reserve(reservation("c/0", [thisMonth(1)]))).toThrow(CountersUnknownError);
    await second.close();

    const accepting = await openWithLog({ gapAcceptedUntilMs: nowMs + 1_000 });
    expect(await accepting.reserve(reservation("d/0", [thisMonth(1)]))).toMatchObject({ ok: true });
    expect(accepting.status()).toMatchObject({ state: "incomplete", accepted: true });
    nowMs += 1_000;
    expect(() => accepting.reserve(reservation("e/0", [thisMonth(1)]))).toThrow(CountersUnknownError);
    nowMs = MONTH.endMs;
    expect(accepting.status()).toEqual({ state: "ready" });
    const next = { ...thisMonth(1), key: "next", windowEndsAtMs: MONTH.endMs + 1 };
    expect(await accepting.reserve(reservation("f/0", [next]))).toMatchObject({ ok: true });
  });
});
