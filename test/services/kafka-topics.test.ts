import { Kafka, logLevel } from "kafkajs";
import { expect, inject, test } from "vitest";
import { openKafkaEventLog } from "../../ingest/event-log.kafka.ts";
import type { LogEntry } from "../../ingest/event-log.ts";
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

test("a topic from which records were removed says since when it has everything", async () => {
  const settings = testKafkaSettings(inject("kafkaBroker"), 1);
  const log = await openKafkaEventLog({ settings, clientId: "test", onError: () => {} });
  for (let at = 0; at < 10; at++) await log.append("requests", recordsOf("a", 1, at));
  expect(await log.completeSinceMs("requests")).toBe(0);
  const entries: LogEntry[] = [];
  for await (const entry of log.scan("requests", 0)) entries.push(entry);
  const admin = new Kafka({ brokers: [...settings.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // The library looks for a partition's leader only among topics that it was asked about.
  await admin.fetchTopicMetadata({ topics: [`${settings.prefix}requests`] });
  const remove = (offset: string) =>
    admin.deleteTopicRecords({ topic: `${settings.prefix}requests`, partitions: [{ partition: 0, offset }] });
  await remove("4");
  const [lastRemoved, firstKept] = entries.slice(3, 5).map(({ timestampMs }) => timestampMs);
  const sinceMs = await log.completeSinceMs("requests");
  expect(sinceMs).toBeGreaterThan(lastRemoved ?? Number.NaN);
  expect(sinceMs).toBe((firstKept ?? Number.NaN) + 1);
  // Of an emptied partition only the topic's retention tells how old what was there may have been: 35 days.
  await remove("10");
  const daysAgo = (Date.now() - (await log.completeSinceMs("requests"))) / 86_400_000;
  expect(daysAgo).toBeGreaterThan(34.9);
  expect(daysAgo).toBeLessThan(35.1);
  await admin.disconnect();
  await log.close();
});
