import { randomUUID } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeRecord, type EventOf } from "../../ingest/decode-record.ts";
import { type ErasedFromLog, eraseFromSegments } from "../../ingest/erase-from-segments.ts";
import { TOPICS, type Topic } from "../../ingest/event-log.ts";
import { MAX_SEGMENT_AGE_MS } from "../../ingest/segments/partition-writer.ts";
import type { UserEvent } from "../../models/domain/user-event.ts";
import { scanAll } from "../contract/arrivals.ts";
import { GOOD_EVENTS } from "../support/poison.ts";
import { findInFiles } from "../support/search-files.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { type EmbeddedHarness, openEmbeddedHarness } from "./embedded-harness.ts";

const HOUR_MS = 3_600_000;
const COMMENT = "what only this user would say";

let harness: EmbeddedHarness;
let nowMs: number;
let id: string;
beforeEach(async () => {
  nowMs = Date.now();
  id = `user-${randomUUID()}`;
  // Each append has a segment of its own; only the last of a topic is open.
  harness = await openEmbeddedHarness({ now: () => nowMs, segmentBytes: 1 });
});
afterEach(() => harness.dispose());

async function append(topic: Topic, key: string, event: object): Promise<void> {
  await harness.log.append(topic, [{ key, value: Buffer.from(JSON.stringify(event)) }]);
}

function userEvent(type: string, ts: number, user = id): object {
  return { type, event_id: randomUUID(), user_id: user, ts, tier: "free", actor: "admin" };
}

/** Every record that may name a user, of this one and of another one. */
async function live(user: string, ts: number): Promise<void> {
  await append("users", user, userEvent("seen", ts, user));
  await append("requests", user, makeRequestEvent({ user_id: user, ts, cost: 7 }));
  await append("feedback", user, {
    ...GOOD_EVENTS.feedback(),
    user_id: user,
    ts,
    comment: `${COMMENT} ${user}`,
  });
  await append("actions", "admin", { ...GOOD_EVENTS.actions(), subject: user, ts });
  await append("dead-letters", "x", {
    ...GOOD_EVENTS["dead-letters"](),
    key: user,
    value: `${COMMENT} ${user}`,
  });
  await append("requests", user, { user_id: user, prompt: COMMENT });
}

/** Ends the segment of each topic that is being written. */
async function moveOn(): Promise<void> {
  for (const topic of TOPICS) await append(topic, "k", GOOD_EVENTS[topic]());
}

async function erase(): Promise<ErasedFromLog> {
  const { log, directory } = harness;
  async function* userEvents(): AsyncIterable<UserEvent> {
    for (const { value } of await scanAll(log, "users")) {
      const decoded = decodeRecord("users", value);
      if (decoded.kind === "event") yield decoded.event;
    }
  }
  const inUse = new Set<string>();
  for (const topic of TOPICS) for (const { partition } of await log.extents(topic)) inUse.add(partition);
  return eraseFromSegments({ directory, nowMs, userEvents, inUse, extents: (topic) => log.extents(topic) });
}

async function eventsOf<T extends Topic>(topic: T): Promise<EventOf<T>[]> {
  return (await scanAll(harness.log, topic)).flatMap(({ value }) => {
    const decoded = decodeRecord(topic, value);
    return decoded.kind === "event" ? [decoded.event] : [];
  });
}

test("a day after an erasure no file of the log holds the user's id or words, others' stay, and so do offsets and sums", async () => {
  const start = nowMs;
  await live(id, start);
  await live("stays", start);
  await append("users", id, userEvent("erased", start + 10));
  await append("actions", "admin", {
    ...GOOD_EVENTS.actions(),
    subject: id,
    method: "DELETE",
    ts: start + 11,
  });
  await append("requests", id, makeRequestEvent({ user_id: id, ts: start + 20, cost: 5 }));
  nowMs += HOUR_MS;
  await moveOn();
  expect((await erase()).users).toBe(0);
  expect((await findInFiles(harness.directory, id)).length).toBeGreaterThan(5);
  const before = await Promise.all(TOPICS.map((topic) => scanAll(harness.log, topic)));

  nowMs += 24 * HOUR_MS;
  await moveOn();
  expect(await erase()).toMatchObject({ users: 1, waiting: 0 });
  expect(await findInFiles(harness.directory, id)).toEqual([]);
  expect(await findInFiles(harness.directory, `${COMMENT} stays`)).toHaveLength(2);
  for (const [at, topic] of TOPICS.entries()) {
    const places = (entries: (typeof before)[number]) =>
      entries.map(({ offset, timestampMs }) => ({ offset, timestampMs }));
    const after = await scanAll(harness.log, topic);
    expect(places(after.slice(0, before[at]?.length))).toEqual(places(before[at] ?? []));
  }
  const requests = await eventsOf("requests");
  const renamed = requests.filter(({ user_id }) => user_id.startsWith("erased-"));
  expect(renamed.map(({ cost }) => cost)).toEqual([7, 5]);
  expect(await erase()).toEqual({ users: 0, records: 0, waiting: 0 });
});

test("what came after a user's return stays theirs, and the erasure is told as long as a segment may name who was before", async () => {
  const start = nowMs;
  await live(id, start);
  await append("users", id, userEvent("erased", start + 10));
  await append("users", id, userEvent("seen", start + 100));
  await append("requests", id, makeRequestEvent({ user_id: id, ts: start + 100, cost: 9 }));
  nowMs += 25 * HOUR_MS;
  // The last segment of each topic is as old as that.
  expect(await erase()).toMatchObject({ users: 1, waiting: 1 });
  expect((await eventsOf("users")).map(({ type, user_id }) => [type, user_id === id])).toEqual([
    ["seen", false],
    ["erased", true],
    ["seen", true],
  ]);
  await moveOn();
  expect(await erase()).toMatchObject({ users: 1, waiting: 0 });
  const own = (await eventsOf("requests")).filter(({ user_id }) => user_id === id);
  expect(own.map(({ cost }) => cost)).toEqual([9]);
  expect((await eventsOf("users")).filter(({ user_id }) => user_id === id)).toMatchObject([{ type: "seen" }]);
});

test("a segment is written for a day at most, and what a crash left of its new version is removed", async () => {
  const large = await harness.reopen("steady");
  const request = () => [{ key: "k", value: Buffer.from(JSON.stringify(makeRequestEvent())) }];
  const segments = async () => {
    const partitions = (await readdir(join(harness.directory, "requests"))).filter((name) =>
      name.startsWith("steady"),
    );
    const files = await Promise.all(
      partitions.map((name) => readdir(join(harness.directory, "requests", name))),
    );
    return files.flat().filter((name) => name.endsWith(".log")).length;
  };
  for (let hours = 0; hours <= 48; hours += 4) {
    await large.append("requests", request());
    nowMs += 4 * HOUR_MS;
  }
  expect(await segments()).toBeGreaterThanOrEqual((48 * HOUR_MS) / MAX_SEGMENT_AGE_MS);

  await large.close();

  await live(id, nowMs);
  await append("users", id, userEvent("erased", nowMs + 1));
  nowMs += 25 * HOUR_MS;
  await moveOn();
  const [partition = ""] = await readdir(join(harness.directory, "feedback"));
  await writeFile(join(harness.directory, "feedback", partition, "0000000000000000.log.draft"), id);
  await erase();
  expect(await findInFiles(harness.directory, id)).toEqual([]);
});
