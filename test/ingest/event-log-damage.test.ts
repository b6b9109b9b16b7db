import { readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogBatch, LogEntry } from "../../ingest/event-log.ts";
import { CLOSED_FILE } from "../../ingest/segments/layout.ts";
import {
  createArrivals,
  offsetProblems,
  recordOf,
  recordsOf,
  scanAll,
  textOf,
} from "../contract/arrivals.ts";
import { type EmbeddedHarness, openEmbeddedHarness, segmentsOf } from "./embedded-harness.ts";

let harness: EmbeddedHarness;
beforeEach(async () => {
  harness = await openEmbeddedHarness({ segmentBytes: 100 });
});
afterEach(() => harness.dispose());

test("a tail torn at any byte is cut off, nothing before it is lost, and a later run's records follow", async () => {
  const log = await harness.open({ segmentBytes: 10_000 });
  await log.append("requests", recordsOf("a", 3));
  const [path = ""] = await segmentsOf(harness.directory, "requests");
  const whole = await readFile(path);
  const frameBytes = whole.length / 3;
  for (let bytes = whole.length; bytes >= 0; bytes -= 1) {
    await truncate(path, bytes);
    const reader = await harness.open();
    const left = recordsOf("a", Math.floor(bytes / frameBytes)).map(({ value }) => value.toString());
    expect((await scanAll(reader, "requests")).map(textOf)).toEqual(left);
    const extents = await reader.extents("requests");
    expect(extents.map(({ start, end }) => end - start)).toEqual([left.length]);
    await reader.close();
  }
  const later = await harness.reopen();
  await later.append("requests", [recordOf("a", '"later"')]);
  expect((await scanAll(later, "requests")).map(textOf)).toEqual(['"later"']);
  expect(harness.errors).toEqual([]);
});

test("an entry that is still being written arrives once it is whole", async () => {
  const log = await harness.open({ segmentBytes: 10_000 });
  await log.append("requests", recordsOf("a", 3));
  const [path = ""] = await segmentsOf(harness.directory, "requests");
  const whole = await readFile(path);
  await truncate(path, whole.length - 5);
  const seen = createArrivals<LogEntry>();
  const follower = await harness.log.follow("requests", (entry) => seen.add(entry));
  expect(seen.items).toHaveLength(2);
  for (let bytes = whole.length - 4; bytes < whole.length; bytes += 1) {
    await writeFile(path, whole.subarray(0, bytes));
    await follower.catchUp();
  }
  expect(seen.items).toHaveLength(2);
  await writeFile(path, whole);
  await seen.untilCount(3);
  expect(seen.items.map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test("a damaged record in the middle is reported, and reading goes on at the next segment", async () => {
  for (let first = 0; first < 12; first += 4) await harness.log.append("requests", recordsOf("a", 4, first));
  const [, middle = ""] = await segmentsOf(harness.directory, "requests");
  const whole = await readFile(middle);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    await writeFile(middle, damaged);
    const errorsBefore = harness.errors.length;
    const entries = await scanAll(harness.log, "requests");
    const firstLost = 4 + Math.floor(at / (whole.length / 4));
    const left = [...Array(12).keys()].filter((offset) => offset < firstLost || offset >= 8);
    expect(entries.map(({ offset }) => offset)).toEqual(left);
    expect(entries.map(textOf)).toEqual(left.map((n) => `{"n":${n}}`));
    const reported = harness.errors.slice(errorsBefore).map(({ message }) => message);
    expect(reported).toEqual([expect.stringContaining(`entries ${firstLost} to 7`)]);
  }
});

test("a consumer passes over a damaged segment and reports it", async () => {
  for (let first = 0; first < 12; first += 4) await harness.log.append("requests", recordsOf("a", 4, first));
  const [first = ""] = await segmentsOf(harness.directory, "requests");
  await truncate(first, (await readFile(first)).length / 2);
  const seen = createArrivals<LogEntry>();
  await harness.log.consume({
    topic: "requests",
    group: "sink",
    startAt: async () => 0,
    eachBatch: async ({ entries }) => seen.add(...entries),
  });
  await seen.untilCount(10);
  expect(seen.items.map(({ offset }) => offset)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(harness.errors.map(({ message }) => message)).toEqual([expect.stringContaining("entries 2 to 3")]);
});

test("a record at the very end that stays unreadable is reported, once", async () => {
  const log = await harness.open({ segmentBytes: 10_000 });
  await log.append("users", recordsOf("a", 3));
  const [path = ""] = await segmentsOf(harness.directory, "users");
  const bytes = await readFile(path);
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(100)]));
  const seen: LogEntry[] = [];
  const follower = await harness.log.follow("users", (entry) => seen.push(entry));
  expect(seen).toHaveLength(3);
  expect(harness.errors).toEqual([]);
  const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
  await follower.catchUp();
  await follower.catchUp();
  clock.mockRestore();
  expect(harness.errors.map(({ message }) => message)).toEqual([expect.stringContaining("from entry 3")]);
});

test("damage in the last segment of a closed partition is reported too", async () => {
  await harness.log.append("requests", recordsOf("a", 4));
  await harness.log.close();
  const [path = ""] = await segmentsOf(harness.directory, "requests");
  await truncate(path, (await readFile(path)).length / 2);
  const seen: LogEntry[] = [];
  await (await harness.reopen()).follow("requests", (entry) => seen.push(entry));
  expect(seen.map(({ offset }) => offset)).toEqual([0, 1]);
  expect(harness.errors.map(({ message }) => message)).toEqual([expect.stringContaining("entries 2 to 3")]);
});

test("a damaged mark of closing costs nothing: the records are counted instead", async () => {
  await harness.log.append("requests", recordsOf("a", 4));
  await harness.log.close();
  const [path = ""] = await segmentsOf(harness.directory, "requests");
  for (const content of ["", "4", "nonsense", "4 1 en"]) {
    await writeFile(join(dirname(path), CLOSED_FILE), content);
    const log = await harness.reopen();
    expect((await log.extents("requests")).map(({ start, end }) => [start, end])).toEqual([[0, 4]]);
    expect(await scanAll(log, "requests")).toHaveLength(4);
  }
});

test("whatever the sizes of segments, appends and batches, every record is read once and in order", async () => {
  const sizes = fc.record({
    segmentBytes: fc.integer({ min: 1, max: 600 }),
    maxBatchEntries: fc.integer({ min: 1, max: 12 }),
    maxBatchBytes: fc.integer({ min: 1, max: 400 }),
    appends: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
    startAt: fc.nat({ max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ segmentBytes, maxBatchEntries, maxBatchBytes, appends, startAt }) => {
      const inner = await openEmbeddedHarness({ segmentBytes });
      const batches = createArrivals<LogBatch>();
      const reader = await inner.reopen("reader");
      await reader.consume({
        topic: "requests",
        group: "sink",
        maxBatchEntries,
        maxBatchBytes,
        startAt: async () => startAt,
        eachBatch: async (batch) => batches.add(batch),
      });
      let total = 0;
      for (const count of appends) {
        await inner.log.append("requests", recordsOf("a", count, total));
        total += count;
      }
      const wanted = [...Array(total).keys()].slice(startAt);
      await batches.until((items) => items.flatMap(({ entries }) => entries).length >= wanted.length);
      const read = batches.items.flatMap(({ entries }) => entries);
      expect(read.map(({ offset }) => offset)).toEqual(wanted);
      expect(read.map(textOf)).toEqual(wanted.map((n) => `{"n":${n}}`));
      expect(offsetProblems(batches.items, { dense: true })).toEqual([]);
      expect((await reader.extents("requests")).map(({ start, end }) => [start, end])).toEqual([[0, total]]);
      expect(inner.errors).toEqual([]);
      await inner.dispose();
    }),
    { numRuns: 40 },
  );
});

test("two processes of one name write two partitions", async () => {
  const twin = await harness.reopen();
  for (let n = 0; n < 50; n += 1) {
    await Promise.all(
      [harness.log, twin].map((log, index) => log.append("requests", recordsOf(`twin-${index}`, 1, n))),
    );
  }
  const extents = await harness.log.extents("requests");
  expect(extents.map(({ start, end }) => [start, end])).toEqual([
    [0, 50],
    [0, 50],
  ]);
  for (const key of ["twin-0", "twin-1"]) {
    const mine = (await scanAll(harness.log, "requests")).filter((entry) => entry.key === key);
    expect(mine.map(textOf)).toEqual(recordsOf(key, 50).map(({ value }) => value.toString()));
  }
});

test("a scan skips segments that are older than what it is asked for", async () => {
  let nowMs = 1_000;
  const log = await harness.open({ now: () => nowMs, segmentBytes: 1 });
  for (let n = 0; n < 6; n += 1) {
    nowMs = 1_000 * (n + 1);
    await log.append("requests", recordsOf("a", 1, n));
  }
  // An unreadable old segment shows that it is not even opened.
  const [oldest = ""] = await segmentsOf(harness.directory, "requests");
  await writeFile(oldest, Buffer.alloc(40));
  expect((await scanAll(log, "requests", 4_000)).map(textOf)).toEqual(['{"n":3}', '{"n":4}', '{"n":5}']);
  expect(harness.errors).toEqual([]);
});
