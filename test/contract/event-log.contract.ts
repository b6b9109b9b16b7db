import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ConsumeOptions,
  EventLogError,
  type LogBatch,
  type LogEntry,
  MAX_RECORD_BYTES,
  type PartitionLag,
  type RecordLog,
} from "../../ingest/event-log.ts";
import { createArrivals, offsetProblems, recordOf, recordsOf, scanAll, textOf } from "./arrivals.ts";

export interface EventLogHarness {
  readonly log: RecordLog;
  /** Another instance over the same topics, as another process, or a later run, would open it. */
  reopen(writer?: string): Promise<RecordLog>;
  /** Closes every instance and removes what was written. */
  dispose(): Promise<void>;
}

/** Longer than a consumer's offset takes to be written down. */
const POLL = { timeout: 15_000 };
const byPartition = (a: { partition: string }, b: { partition: string }): number =>
  a.partition < b.partition ? -1 : 1;

/** What every adapter of the event log promises. `open` starts with empty topics each time. */
export function eventLogContract(name: string, open: () => Promise<EventLogHarness>): void {
  describe(`event log: ${name}`, () => {
    let harness: EventLogHarness;
    let log: RecordLog;

    beforeEach(async () => {
      harness = await open();
      log = harness.log;
    });
    afterEach(() => harness.dispose());

    function collectBatches(on: RecordLog, options: Partial<ConsumeOptions> = {}) {
      const batches = createArrivals<LogBatch>();
      const entries = createArrivals<LogEntry>();
      const consuming = on.consume({
        topic: "requests",
        group: "sink",
        startAt: async () => 0,
        eachBatch: async (batch) => {
          batches.add(batch);
          entries.add(...batch.entries);
        },
        ...options,
      });
      return consuming.then((consumer) => ({ consumer, batches, entries }));
    }

    describe("append", () => {
      test("what was acknowledged is there, byte for byte, after the log was closed and opened again", async () => {
        const records = [
          recordOf("user-1", '{"text":"grüße 🏋️"}'),
          recordOf("schlüssel/ключ", "{}"),
          { key: "large", value: Buffer.alloc(MAX_RECORD_BYTES, "x") },
        ];
        const beforeMs = Date.now();
        await log.append("users", records);
        const afterMs = Date.now();
        await log.close();

        const entries = await scanAll(await harness.reopen(), "users");
        expect(entries.map(({ key }) => key).sort()).toEqual(records.map(({ key }) => key).sort());
        for (const { key, value } of records) {
          expect(entries.find((entry) => entry.key === key)?.value.equals(value)).toBe(true);
        }
        for (const { timestampMs } of entries) {
          expect(timestampMs).toBeGreaterThanOrEqual(beforeMs);
          expect(timestampMs).toBeLessThanOrEqual(afterMs);
        }
      });

      test("records of one append with one key are in order and in one partition", async () => {
        await log.append("requests", recordsOf("user-1", 100));
        const { entries, batches } = await collectBatches(log);
        await entries.untilCount(100);
        expect(entries.items.map(textOf)).toEqual(
          recordsOf("user-1", 100).map(({ value }) => value.toString()),
        );
        expect(new Set(batches.items.map(({ partition }) => partition)).size).toBe(1);
      });

      test("appends of many callers at once are all kept, each key in the order of its appends", async () => {
        const callers = Array.from({ length: 32 }, (_, caller) => `user-${caller}`);
        await Promise.all(
          callers.map((key) => Promise.all(recordsOf(key, 20).map((one) => log.append("requests", [one])))),
        );
        const { entries } = await collectBatches(log);
        await entries.untilCount(32 * 20);
        for (const key of callers) {
          const mine = entries.items.filter((entry) => entry.key === key).map(textOf);
          expect(mine).toEqual(recordsOf(key, 20).map(({ value }) => value.toString()));
        }
      });

      test("a record that is too large or has a line break is refused, and the log goes on", async () => {
        const tooLarge = { key: "a", value: Buffer.alloc(MAX_RECORD_BYTES + 1) };
        await expect(log.append("requests", [tooLarge])).rejects.toBeInstanceOf(EventLogError);
        await expect(log.append("requests", [recordOf("a", "{\n}")])).rejects.toBeInstanceOf(EventLogError);
        await log.append("requests", [recordOf("a", "{}")]);
        expect(await scanAll(log, "requests")).toHaveLength(1);
      });

      test("nothing is pending once all appends have settled, and no records append at once", async () => {
        await Promise.all([
          log.append("requests", recordsOf("a", 10)),
          log.append("feedback", recordsOf("b", 10)),
        ]);
        await log.append("requests", []);
        expect(log.pendingBytes()).toBe(0);
      });

      test("closing flushes what was appended before, and refuses what comes after", async () => {
        const appended = log.append("requests", recordsOf("a", 10));
        await Promise.all([log.close(), log.close()]);
        await appended;
        await expect(log.append("requests", recordsOf("a", 1))).rejects.toBeInstanceOf(EventLogError);
        expect(await scanAll(await harness.reopen(), "requests")).toHaveLength(10);
      });
    });

    describe("consume", () => {
      test("each record arrives once and in order within its partition, also while it is being written", async () => {
        const { entries, batches } = await collectBatches(log, { maxBatchEntries: 7 });
        for (let first = 0; first < 500; first += 25) await log.append("requests", recordsOf("a", 25, first));
        await entries.untilCount(500);
        expect(entries.items.map(textOf)).toEqual(recordsOf("a", 500).map(({ value }) => value.toString()));
        expect(offsetProblems(batches.items, { dense: false })).toEqual([]);
      });

      test("batches keep to the most entries and bytes, but a record larger than that still comes", async () => {
        await log.append("requests", recordsOf("a", 50));
        await log.append("requests", [{ key: "a", value: Buffer.alloc(10_000, "x") }]);
        const { entries, batches } = await collectBatches(log, { maxBatchEntries: 20, maxBatchBytes: 5_000 });
        await entries.untilCount(51);
        for (const { entries: batch } of batches.items) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(20);
        }
      });

      test("a rejected batch comes again before anything behind it", async () => {
        await log.append("requests", recordsOf("a", 30));
        const attempts = createArrivals<number>();
        const done = createArrivals<LogEntry>();
        await log.consume({
          topic: "requests",
          group: "sink",
          maxBatchEntries: 10,
          startAt: async () => 0,
          eachBatch: async ({ entries }) => {
            attempts.add(entries[0]?.offset ?? -1);
            if (attempts.items.length <= 2) throw new Error("the target is down");
            done.add(...entries);
          },
        });
        await done.untilCount(30);
        expect(new Set(attempts.items.slice(0, 3)).size).toBe(1);
        expect(done.items.map(textOf)).toEqual(recordsOf("a", 30).map(({ value }) => value.toString()));
      });

      test("a partition has one batch in hand at a time", async () => {
        await log.append("requests", recordsOf("a", 100));
        let inHand = 0;
        const most = createArrivals<number>();
        const { consumer } = await collectBatches(log, {
          maxBatchEntries: 5,
          eachBatch: async ({ entries }) => {
            inHand += 1;
            await new Promise((resolve) => setImmediate(resolve));
            most.add(...entries.map(() => inHand));
            inHand -= 1;
          },
        });
        await most.untilCount(100);
        await consumer.close();
        expect(Math.max(...most.items)).toBe(1);
      });

      test("a restarted consumer goes on where its target says, without a gap or a repetition", async () => {
        const next = new Map<string, number>();
        const seen = createArrivals<LogEntry>();
        const asked: string[] = [];
        const options: Partial<ConsumeOptions> = {
          maxBatchEntries: 10,
          startAt: async (partition) => {
            asked.push(partition);
            return next.get(partition) ?? 0;
          },
          eachBatch: async ({ partition, entries }) => {
            next.set(partition, (entries.at(-1)?.offset ?? -1) + 1);
            seen.add(...entries);
          },
        };
        await log.append("requests", recordsOf("a", 100));
        const first = await collectBatches(log, options);
        await seen.untilCount(30);
        await first.consumer.close();
        const afterClose = seen.items.length;
        await log.append("requests", recordsOf("a", 50, 100));
        expect(seen.items.length).toBe(afterClose);

        const askedBefore = asked.length;
        await collectBatches(await harness.reopen(), options);
        await seen.untilCount(150);
        expect(seen.items.map(textOf)).toEqual(recordsOf("a", 150).map(({ value }) => value.toString()));
        expect(new Set(asked.slice(askedBefore)).size).toBe(asked.length - askedBefore);
      });

      test("closing waits for the batch in hand", async () => {
        await log.append("requests", recordsOf("a", 10));
        const begun = createArrivals<LogBatch>();
        let finish = () => {};
        const finished = new Promise<void>((resolve) => (finish = resolve));
        let isClosed = false;
        const { consumer } = await collectBatches(log, {
          eachBatch: (batch) => {
            begun.add(batch);
            return finished;
          },
        });
        await begun.untilCount(1);
        const closing = consumer.close().then(() => (isClosed = true));
        await scanAll(log, "requests");
        expect(isClosed).toBe(false);
        finish();
        await closing;
        await consumer.close();
      });

      test("what a writer that came later wrote is found", async () => {
        const { entries } = await collectBatches(log);
        const late = await harness.reopen("late");
        await late.append("requests", recordsOf("b", 5));
        await entries.untilCount(5);
        expect(entries.items.map(({ key }) => key)).toEqual(Array(5).fill("b"));
      });

      test("every group sees everything; the consumers of one group share it", async () => {
        const other = await harness.reopen("other");
        await log.append("requests", recordsOf("a", 40));
        await other.append("requests", recordsOf("b", 40));
        const shared = createArrivals<LogEntry>();
        const eachBatch = async ({ entries }: LogBatch) => shared.add(...entries);
        await collectBatches(log, { group: "shared", eachBatch });
        await collectBatches(log, { group: "shared", eachBatch });
        const alone = await collectBatches(log, { group: "alone" });
        await Promise.all([shared.untilCount(80), alone.entries.untilCount(80)]);
        expect(new Set(shared.items.map((entry) => entry.key + textOf(entry))).size).toBe(80);
      });

      test("lag counts what is written and not done", async () => {
        await log.append("requests", recordsOf("a", 25));
        let open = () => {};
        const gate = new Promise<void>((resolve) => (open = resolve));
        const done = createArrivals<LogEntry>();
        const { consumer } = await collectBatches(log, {
          eachBatch: async ({ entries }) => {
            await gate;
            done.add(...entries);
          },
        });
        expect(await consumer.lag()).toBe(25);
        open();
        await done.untilCount(25);
        await expect.poll(() => consumer.lag(), { timeout: 10_000 }).toBe(0);
      });
    });

    describe("lag", () => {
      const sumOf = (lags: readonly PartitionLag[]) => lags.reduce((sum, { lag }) => sum + lag, 0);

      test("of a group that never consumed is everything, partition by partition", async () => {
        await log.append("requests", recordsOf("a", 5));
        await log.append("requests", recordsOf("b", 7));
        const lags = await log.lag("requests", "nobody");
        const extents = await log.extents("requests");
        expect(lags.toSorted(byPartition)).toEqual(
          extents
            .map(({ partition, start, end }) => ({ partition, end, committed: start, lag: end - start }))
            .toSorted(byPartition),
        );
        expect(sumOf(lags)).toBe(12);
        expect(sumOf(await log.lag("feedback", "nobody"))).toBe(0);
      });

      test("is told to any process, group by group, and falls to nothing as the group goes on", async () => {
        const elsewhere = await harness.reopen("elsewhere");
        let open = () => {};
        const gate = new Promise<void>((resolve) => (open = resolve));
        await collectBatches(log, { group: "slow", maxBatchEntries: 10, eachBatch: () => gate });
        await collectBatches(log, { group: "quick" });
        await log.append("requests", recordsOf("a", 25));
        await expect.poll(async () => sumOf(await elsewhere.lag("requests", "quick")), POLL).toBe(0);
        expect(sumOf(await elsewhere.lag("requests", "slow"))).toBe(25);
        open();
        await expect.poll(async () => sumOf(await elsewhere.lag("requests", "slow")), POLL).toBe(0);
        for (const { end, committed, lag } of await elsewhere.lag("requests", "slow"))
          expect([committed, lag]).toEqual([end, 0]);
      });
    });

    describe("follow", () => {
      test("hands over all that was there before it resolves, then what comes, from every writer", async () => {
        await log.append("directives", recordsOf("a", 10));
        const other = await harness.reopen("other");
        await other.append("directives", recordsOf("b", 10));
        const seen = createArrivals<LogEntry>();
        await log.follow("directives", (entry) => seen.add(entry));
        expect(seen.items).toHaveLength(20);
        await other.append("directives", recordsOf("b", 5, 10));
        await log.append("directives", recordsOf("a", 5, 10));
        await seen.untilCount(30);
        for (const key of ["a", "b"]) {
          const mine = seen.items.filter((entry) => entry.key === key).map(textOf);
          expect(mine).toEqual(recordsOf(key, 15).map(({ value }) => value.toString()));
        }
      });

      test("catching up hands over what any process has appended before the call", async () => {
        const other = await harness.reopen("other");
        const seen: string[] = [];
        const follower = await log.follow("users", (entry) => seen.push(textOf(entry)));
        for (let n = 0; n < 20; n += 1) {
          await other.append("users", recordsOf("b", 1, n));
          await Promise.all([follower.catchUp(), follower.catchUp(), follower.catchUp()]);
          expect(seen).toHaveLength(n + 1);
        }
      });

      test("one writer's records keep their order over its restarts", async () => {
        const seen = createArrivals<LogEntry>();
        const reader = await harness.reopen("reader");
        await reader.follow("users", (entry) => seen.add(entry));
        for (let run = 0; run < 5; run += 1) {
          const writer = await harness.reopen("restarting");
          await writer.append("users", recordsOf("a", 3, run * 3));
          await writer.close();
        }
        await seen.untilCount(15);
        const inOrder = recordsOf("a", 15).map(({ value }) => value.toString());
        expect(seen.items.map(textOf)).toEqual(inOrder);
        const late: string[] = [];
        await reader.follow("users", (entry) => late.push(textOf(entry)));
        expect(late).toEqual(inOrder);
      });

      test("a closed follower hands over nothing more", async () => {
        const seen: LogEntry[] = [];
        const follower = await log.follow("users", (entry) => seen.push(entry));
        await follower.close();
        await follower.close();
        const witness = createArrivals<LogEntry>();
        await log.follow("users", (entry) => witness.add(entry));
        await log.append("users", recordsOf("a", 3));
        await witness.untilCount(3);
        expect(seen).toEqual([]);
      });
    });

    describe("scan and extents", () => {
      test("a scan gives what is there now, from the given time on", async () => {
        await log.append("requests", recordsOf("a", 10));
        const entries = await scanAll(log, "requests");
        expect(entries.map(textOf)).toEqual(recordsOf("a", 10).map(({ value }) => value.toString()));
        const latestMs = Math.max(...entries.map(({ timestampMs }) => timestampMs));
        expect(await scanAll(log, "requests", latestMs)).not.toHaveLength(0);
        expect(await scanAll(log, "requests", latestMs + 1)).toEqual([]);
        expect(await scanAll(log, "feedback")).toEqual([]);
      });

      test("a log from which nothing was removed has everything since the beginning", async () => {
        expect(await log.completeSinceMs("requests")).toBe(0);
        await log.append("requests", recordsOf("a", 10));
        expect(await log.completeSinceMs("requests")).toBe(0);
      });

      test("extents count what each partition holds", async () => {
        expect((await log.extents("requests")).reduce((sum, { start, end }) => sum + end - start, 0)).toBe(0);
        const other = await harness.reopen("other");
        for (let round = 1; round <= 3; round += 1) {
          await log.append("requests", recordsOf("a", 10));
          await other.append("requests", recordsOf("b", 5));
          const extents = await log.extents("requests");
          expect(extents.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(15 * round);
        }
      });
    });
  });
}
