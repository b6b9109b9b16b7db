import { expect, test } from "vitest";
import type { LogBatch } from "../../ingest/event-log.ts";
import { createArrivals, recordsOf } from "../contract/arrivals.ts";
import { eventLogContract } from "../contract/event-log.contract.ts";
import { openEmbeddedHarness } from "./embedded-harness.ts";

const NEVER_MS = 60 * 60 * 1_000;

eventLogContract("embedded", () => openEmbeddedHarness());
eventLogContract("embedded, with a segment for every few records", () =>
  openEmbeddedHarness({ segmentBytes: 200 }),
);
eventLogContract("embedded, by notifications alone", () => openEmbeddedHarness({ pollMs: NEVER_MS }));

test("a partition belongs to one consumer of a group, and passes to another when that one closes", async () => {
  const harness = await openEmbeddedHarness({ pollMs: 10 });
  const next = new Map<string, number>();
  const batches = createArrivals<LogBatch & { readonly consumer: string }>();
  const consume = (consumer: string) =>
    harness.log.consume({
      topic: "requests",
      group: "sink",
      startAt: async (partition) => next.get(partition) ?? 0,
      eachBatch: async (batch) => {
        next.set(batch.partition, (batch.entries.at(-1)?.offset ?? -1) + 1);
        batches.add({ ...batch, consumer });
      },
    });
  const entriesOf = (items: readonly LogBatch[]) => items.flatMap(({ entries }) => entries);
  await harness.log.append("requests", recordsOf("a", 20));
  const first = await consume("first");
  const second = await consume("second");
  await batches.until((items) => entriesOf(items).length >= 20);
  await harness.log.append("requests", recordsOf("a", 20, 20));
  await batches.until((items) => entriesOf(items).length >= 40);
  await first.close();
  await harness.log.append("requests", recordsOf("a", 20, 40));
  await batches.until((items) => entriesOf(items).length >= 60);
  await second.close();
  expect(entriesOf(batches.items).map(({ offset }) => offset)).toEqual([...Array(60).keys()]);
  const readBy = (consumer: string) =>
    entriesOf(batches.items.filter((batch) => batch.consumer === consumer)).length;
  expect([readBy("first"), readBy("second")]).toEqual([40, 20]);
  await harness.dispose();
});

test("many partitions are consumed at once, and none waits for ever", async () => {
  const harness = await openEmbeddedHarness();
  const seen = createArrivals<string>();
  for (let n = 0; n < 40; n += 1) {
    const writer = await harness.reopen(`writer-${n}`);
    await writer.append("requests", recordsOf(`writer-${n}`, 2));
  }
  const consumer = await harness.log.consume({
    topic: "requests",
    group: "sink",
    startAt: async () => 0,
    eachBatch: async ({ entries }) => seen.add(...entries.map(({ key }) => key)),
  });
  await seen.untilCount(80);
  expect(new Set(seen.items).size).toBe(40);
  await expect.poll(() => consumer.lag(), { timeout: 10_000 }).toBe(0);
  expect(harness.errors).toEqual([]);
  await harness.dispose();
});
