import { expect, inject, test } from "vitest";
import { openKafkaEventLog } from "../../ingest/event-log.kafka.ts";
import { createArrivals, recordsOf } from "../contract/arrivals.ts";
import { openKafkaHarness, testKafkaSettings } from "./support/kafka-harness.ts";

test("processes that start at once in an empty cluster all find their topics", async () => {
  const settings = testKafkaSettings(inject("kafkaBroker"), 6);
  const opening = Array.from({ length: 6 }, (_, at) =>
    openKafkaEventLog({ settings, clientId: `test-${at}`, onError: () => {} }),
  );
  const logs = await Promise.all(opening);
  const extents = await Promise.all(logs.map((log) => log.extents("requests")));
  expect(extents.map(({ length }) => length)).toEqual(logs.map(() => 6));
  expect(new Set(extents.flat().map(({ partition }) => partition)).size).toBe(6);
  await Promise.all(logs.map((log) => log.close()));
});

test("a partition whose batches fail does not hold up the others", async () => {
  const harness = await openKafkaHarness();
  const keys = Array.from({ length: 30 }, (_, at) => `user-${at}`);
  for (const key of keys) await harness.log.append("requests", recordsOf(key, 1));
  const done = createArrivals<string>();
  let poisoned: string | null = null;
  const consumer = await harness.log.consume({
    topic: "requests",
    group: "sink",
    startAt: async () => 0,
    async eachBatch({ partition, entries }) {
      poisoned ??= partition;
      if (partition === poisoned) throw new Error("it never works");
      done.add(...entries.map(({ key }) => key));
    },
  });
  const later = Array.from({ length: 30 }, (_, at) => `later-${at}`);
  for (const key of later) await harness.log.append("requests", recordsOf(key, 1));
  await done.until((items) => new Set(items.filter((key) => key.startsWith("later"))).size > 10);
  await consumer.close();
  await harness.dispose();
});
