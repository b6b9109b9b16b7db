import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { TOPIC_CODECS } from "../../ingest/codec.ts";
import { TOPICS, type Topic } from "../../ingest/event-log.ts";
import { readEvents } from "../../ingest/read-events.ts";
import { settledRequests } from "../../ingest/settled-requests.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import { openDirectory } from "../../pipeline/directory.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { CONTENT, GOOD_EVENTS, oddEventsFor, poisonFor } from "../support/poison.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";
import { type KafkaHarness, openKafkaHarness } from "./support/kafka-harness.ts";

let warehouse: TestWarehouse;
let kafka: KafkaHarness;
const sinks: Sink[] = [];
beforeAll(async () => {
  warehouse = await startTestWarehouse();
});
afterAll(() => warehouse.close());
beforeEach(async () => {
  kafka = await openKafkaHarness();
});
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  await kafka.dispose();
});

/** What another program may put into a topic: records without a value and with line breaks, too. */
function foreignRecords(topic: Topic): (Buffer | null)[] {
  const text = JSON.stringify(GOOD_EVENTS[topic](), null, 2);
  return [...Object.values(poisonFor(topic)), Buffer.from(text), Buffer.from(`{"a":"${CONTENT}\n"}`), null];
}

/** An event before, between and behind the records; the last of all is one without a value. */
async function produce(): Promise<void> {
  const producer = new Kafka({ brokers: [...kafka.settings.brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (const topic of TOPICS) {
    const good = () => Buffer.from(JSON.stringify(GOOD_EVENTS[topic]()));
    const values = [good(), ...foreignRecords(topic).flatMap((value) => [good(), value])];
    await producer.send({
      topic: `${kafka.settings.prefix}${topic}`,
      messages: values.map((value) => ({ key: "k", value })),
    });
  }
  await producer.disconnect();
}

test("poison in every topic of Kafka stops neither a start nor a reader nor a partition, and is one dead letter each, through a crash and a restart", async () => {
  await produce();
  const reported: string[] = [];
  const log = readEvents(await kafka.open(), (error) => reported.push(error.message));
  const directory = await openDirectory({ log });
  expect(directory.keys.list()).toHaveLength(foreignRecords("keys").length + 1);
  expect(directory.users.size()).toBe(foreignRecords("users").length + 1);
  await directory.catchUp("users");
  await directory.close();
  let settled = 0;
  for await (const _ of settledRequests(log, 0)) settled += 1;
  expect(settled).toBe(foreignRecords("requests").length + 1);
  expect(reported.join()).not.toContain(CONTENT);

  const dying = await start({
    ...warehouse.warehouse,
    insert: (table, rows, options) =>
      table === "log_offsets"
        ? Promise.reject(new Error("killed"))
        : warehouse.warehouse.insert(table, rows, options),
  });
  await waitFor("failures", () => dying.counts.failures >= TOPICS.length, 60_000);
  await dying.close();
  await start();
  for (const topic of TOPICS) {
    const count = foreignRecords(topic).length;
    await waitFor(
      `the dead letters of ${topic}`,
      async () => (await lettersOf(topic)).length >= count,
      60_000,
    );
    const letters = await lettersOf(topic);
    expect(letters, topic).toHaveLength(count);
    expect(JSON.stringify(letters)).not.toContain(CONTENT);
    const table = TOPIC_CODECS[topic]?.table;
    if (table === undefined || topic === "dead-letters") continue;
    await waitFor(`the rows of ${topic}`, async () => (await rowsOf(table)) === count + 1, 60_000);
  }
  // What only the warehouse refuses, and events behind it.
  const odd = oddEventsFor("requests");
  const after = Buffer.from(JSON.stringify(GOOD_EVENTS.requests()));
  const before = await rowsOf("request_events");
  await kafka.log.append(
    "requests",
    [...odd, after].map((value) => ({ key: "k", value })),
  );
  const letters = foreignRecords("requests").length;
  await waitFor(
    "the rest",
    async () =>
      (await rowsOf("request_events")) - before + (await lettersOf("requests")).length - letters ===
      odd.length + 1,
    60_000,
  );
}, 240_000);

async function start(to: Warehouse = warehouse.warehouse): Promise<Sink> {
  const onError = (): void => undefined;
  const sink = await startSink({
    log: await kafka.open(),
    warehouse: to,
    onError,
    now: Date.now,
    gatherMs: 5,
  });
  sinks.push(sink);
  return sink;
}

async function rowsOf(table: string): Promise<number> {
  const [row] = await warehouse.warehouse.query({
    sql: `SELECT count() AS rows FROM ${table} FINAL`,
    row: z.object({ rows: z.number() }),
  });
  return row?.rows ?? -1;
}

function lettersOf(topic: Topic) {
  return warehouse.warehouse.query({
    sql: `SELECT source_partition AS partition, source_offset AS offset, reason, value FROM dead_letters FINAL
      WHERE source_topic = {topic:String} AND reason != 'a test'`,
    params: { topic },
    row: z.object({
      partition: z.string(),
      offset: z.number(),
      reason: z.string().min(6),
      value: z.string(),
    }),
  });
}
