import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogEntry, RecordLog, Topic } from "../../ingest/event-log.ts";
import { openGroupOffsets } from "../../ingest/segments/group-offsets.ts";
import { groupsDirectoryOf } from "../../ingest/segments/layout.ts";
import { IDLE_SEGMENT_MAX_MS } from "../../ingest/segments/partition-writer.ts";
import { applyRetention, type RetentionRule, type TopicRetention } from "../../ingest/segments/retention.ts";
import { createArrivals, recordsOf, scanAll, textOf } from "../contract/arrivals.ts";
import { type EmbeddedHarness, openEmbeddedHarness, segmentsOf } from "./embedded-harness.ts";

const HOUR_MS = 60 * 60 * 1_000;
const KEEP_A_DAY: RetentionRule = { maxAgeMs: 24 * HOUR_MS, maxTopicBytes: 1 << 30 };

let harness: EmbeddedHarness;
let nowMs: number;
beforeEach(async () => {
  nowMs = Date.now();
  harness = await openEmbeddedHarness({ now: () => nowMs, segmentBytes: 1 });
});
afterEach(() => harness.dispose());

async function retain(log: RecordLog, rule: RetentionRule, isInUse = isWrittenHere): Promise<TopicRetention> {
  const written = (await log.extents("requests")).map(({ partition }) => partition).filter(isInUse);
  const extents = (topic: Topic) => log.extents(topic);
  const { directory } = harness;
  const [report] = await applyRetention({
    directory,
    rules: { requests: rule },
    nowMs,
    inUse: new Set(written),
    extents,
  });
  if (report === undefined) throw new Error("no report");
  return report;
}

/** What `harness.log` writes, as against the logs that other tests open under other names. */
function isWrittenHere(partition: string): boolean {
  return partition.startsWith("test-");
}

/** One segment an hour. */
async function appendHourly(log: RecordLog, count: number, first = 0): Promise<void> {
  for (let n = first; n < first + count; n += 1) {
    await log.append("requests", recordsOf("a", 1, n));
    nowMs += HOUR_MS;
  }
}

/** Consumes `count` entries and stops there. */
async function consume(log: RecordLog, group: string, count: number): Promise<void> {
  const done = createArrivals<LogEntry>();
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const consumer = await log.consume({
    topic: "requests",
    group,
    maxBatchEntries: 1,
    startAt: async () => done.items.length,
    eachBatch: async ({ entries }) => {
      if (done.items.length >= count) throw new Error("enough");
      done.add(...entries);
      if (done.items.length === count) stop();
    },
  });
  await stopped;
  await consumer.close();
}

async function offsetsLeft(log: RecordLog): Promise<number[]> {
  return (await scanAll(log, "requests")).map(({ offset }) => offset);
}

test("old segments go once every group has consumed them, and only those", async () => {
  await appendHourly(harness.log, 30);
  await consume(harness.log, "sink", 30);
  await consume(harness.log, "audit", 3);
  const first = await retain(harness.log, KEEP_A_DAY);
  expect(first.deletedSegments).toBe(3);
  expect(await offsetsLeft(harness.log)).toEqual([...Array(30).keys()].slice(3));

  await consume(harness.log, "audit", 27);
  await retain(harness.log, KEEP_A_DAY);
  // The fifth hour's successor was written exactly a day and an hour ago.
  const left = await offsetsLeft(harness.log);
  expect(left.at(0)).toBeGreaterThanOrEqual(5);
  expect(left.at(-1)).toBe(29);
  expect((await harness.log.extents("requests")).map(({ start, end }) => [start, end])).toEqual([
    [left[0], 30],
  ]);
});

test("a topic that no group has consumed is left alone, and said to be too large", async () => {
  await appendHourly(harness.log, 30);
  const report = await retain(harness.log, { maxAgeMs: HOUR_MS, maxTopicBytes: 10 });
  expect(report.deletedSegments).toBe(0);
  expect(report.excessBytes).toBe(report.bytes - 10);
  expect(await offsetsLeft(harness.log)).toHaveLength(30);
});

test("a group whose offsets cannot be read keeps everything", async () => {
  await appendHourly(harness.log, 30);
  await consume(harness.log, "sink", 30);
  await writeFile(join(groupsDirectoryOf(harness.directory, "requests"), "lost.offsets"), "not offsets");
  expect((await retain(harness.log, KEEP_A_DAY)).deletedSegments).toBe(0);
});

test("a topic above its size loses its oldest consumed segments early, but nothing unconsumed", async () => {
  await appendHourly(harness.log, 10);
  await consume(harness.log, "sink", 6);
  const { bytes } = await retain(harness.log, KEEP_A_DAY);
  const half = await retain(harness.log, { ...KEEP_A_DAY, maxTopicBytes: bytes * 0.7 });
  expect(half).toMatchObject({ forcedSegments: 3, excessBytes: 0 });
  expect((await offsetsLeft(harness.log))[0]).toBe(3);
  const rest = await retain(harness.log, { ...KEEP_A_DAY, maxTopicBytes: 0 });
  expect(rest.forcedSegments).toBe(3);
  expect(rest.excessBytes).toBe(rest.bytes);
  expect((await offsetsLeft(harness.log))[0]).toBe(6);
});

test("the partition of a writer that has closed goes with its last segment", async () => {
  const gone = await harness.reopen("gone");
  await appendHourly(gone, 3);
  await gone.close();
  await consume(harness.log, "sink", 3);
  await appendHourly(harness.log, 1, 3);
  nowMs += 48 * HOUR_MS;
  await retain(harness.log, KEEP_A_DAY);
  expect((await harness.log.extents("requests")).map(({ partition }) => partition)).toEqual([
    expect.stringMatching(/^test-/),
  ]);
  expect(await readdir(join(harness.directory, "requests"))).toHaveLength(1);
});

test("the last segment of a writer that may live stays until nobody can come back to it", async () => {
  const killed = await harness.reopen("killed");
  await appendHourly(killed, 3);
  await consume(harness.log, "sink", 3);
  const last = (await segmentsOf(harness.directory, "requests")).at(-1) ?? "";
  nowMs += 48 * HOUR_MS;
  await utimes(last, new Date(nowMs), new Date(nowMs - IDLE_SEGMENT_MAX_MS));
  await retain(harness.log, KEEP_A_DAY);
  expect(await offsetsLeft(harness.log)).toEqual([2]);
  await utimes(last, new Date(nowMs), new Date(nowMs - 2 * IDLE_SEGMENT_MAX_MS - 25 * HOUR_MS));
  expect((await retain(harness.log, KEEP_A_DAY, () => true)).deletedSegments).toBe(0);
  expect((await retain(harness.log, KEEP_A_DAY)).deletedSegments).toBe(1);
  expect(await readdir(join(harness.directory, "requests"))).toEqual([]);

  // It lived after all: it makes a new partition, and nothing is lost.
  await killed
    .append("requests", recordsOf("a", 1, 3))
    .catch(() => killed.append("requests", recordsOf("a", 1, 3)));
  expect((await scanAll(harness.log, "requests")).map(textOf)).toEqual(['{"n":3}']);
});

test("a segment that lay idle is not written again", async () => {
  const log = await harness.open({ segmentBytes: 1 << 20 });
  for (const idleMs of [0, IDLE_SEGMENT_MAX_MS, IDLE_SEGMENT_MAX_MS + 1]) {
    nowMs += idleMs;
    await log.append("requests", recordsOf("a", 1));
  }
  expect(await segmentsOf(harness.directory, "requests")).toHaveLength(2);
  expect(await offsetsLeft(log)).toEqual([0, 1, 2]);
});

test("a log says since when it has everything: later than all that retention has removed, also when whole partitions are gone", async () => {
  await appendHourly(harness.log, 30);
  await consume(harness.log, "sink", 30);
  const before = await scanAll(harness.log, "requests");
  await retain(harness.log, KEEP_A_DAY);
  const kept = new Set((await scanAll(harness.log, "requests")).map(({ offset }) => offset));
  const newestRemovedMs = Math.max(
    ...before.filter(({ offset }) => !kept.has(offset)).map(({ timestampMs }) => timestampMs),
  );
  const sinceMs = await harness.log.completeSinceMs("requests");
  expect(sinceMs).toBeGreaterThan(newestRemovedMs);
  expect(sinceMs).toBeLessThanOrEqual(newestRemovedMs + HOUR_MS + 1);

  await harness.log.close();
  nowMs += 100 * 24 * HOUR_MS;
  const next = await harness.reopen("later");
  await retain(next, KEEP_A_DAY);
  expect(await offsetsLeft(next)).toEqual([]);
  expect(await next.completeSinceMs("requests")).toBeGreaterThan(
    Math.max(...before.map(({ timestampMs }) => timestampMs)),
  );
  expect(await next.completeSinceMs("feedback")).toBe(0);
});

test("a log with retention cleans up by itself and reports it", async () => {
  const reports = createArrivals<TopicRetention>();
  const log = await harness.open({
    retention: { requests: KEEP_A_DAY },
    retentionEveryMs: 5,
    onRetention: (all) => reports.add(...all),
  });
  await appendHourly(log, 30);
  await consume(log, "sink", 30);
  await reports.until((items) => items.reduce((sum, { deletedSegments }) => sum + deletedSegments, 0) >= 5);
  expect((await offsetsLeft(log)).at(-1)).toBe(29);
});

test("a consumer that starts behind what was deleted reads on at what is left", async () => {
  await appendHourly(harness.log, 30);
  await consume(harness.log, "sink", 30);
  await retain(harness.log, KEEP_A_DAY);
  const left = await offsetsLeft(harness.log);
  const seen = createArrivals<LogEntry>();
  const late = await harness.log.consume({
    topic: "requests",
    group: "late",
    startAt: async () => 0,
    eachBatch: async ({ entries }) => seen.add(...entries),
  });
  await seen.untilCount(left.length);
  expect(seen.items.map(({ offset }) => offset)).toEqual(left);
  await expect.poll(() => late.lag(), { timeout: 10_000 }).toBe(0);
});

test("a reader from which retention takes segments away goes on at what is left, without an alarm", async () => {
  await appendHourly(harness.log, 30);
  await consume(harness.log, "sink", 30);
  const read: number[] = [];
  for await (const { offset } of harness.log.scan("requests", 0)) {
    if (read.push(offset) === 1) await retain(harness.log, KEEP_A_DAY);
  }
  expect(read).toEqual([0, ...(await offsetsLeft(harness.log))]);
  expect(harness.errors.filter(({ message }) => message.includes("damaged"))).toEqual([]);
});

test("a group's offsets survive a torn slot: the one before counts", async () => {
  const options = { directory: harness.directory, group: "g", onError: () => {} };
  const path = join(harness.directory, "g.offsets");
  const offsets = await openGroupOffsets(options);
  for (const next of [10, 20]) {
    offsets.advance("p", next);
    await offsets.flush();
  }
  await offsets.close();
  const reopened = await openGroupOffsets(options);
  expect(reopened.next("p")).toBe(20);
  await reopened.close();
  // The second write went into the first slot.
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  await writeFile(path, bytes);
  const torn = await openGroupOffsets(options);
  expect(torn.next("p")).toBe(10);
  torn.keepOnly([]);
  await torn.close();
  const pruned = await openGroupOffsets(options);
  expect(pruned.next("p")).toBe(null);
  await pruned.close();
});
