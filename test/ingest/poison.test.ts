import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { TOPIC_CODECS } from "../../ingest/codec.ts";
import { decodeRecord } from "../../ingest/decode-record.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { type EventLogError, type RecordLog, TOPICS, type Topic } from "../../ingest/event-log.ts";
import { readEvents } from "../../ingest/read-events.ts";
import { settledRequests } from "../../ingest/settled-requests.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import { openDirectory } from "../../pipeline/directory.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { CONTENT, GOOD_EVENTS, oddEventsFor, poisonFor } from "../support/poison.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

const HUGE_BYTES = 100 << 20;

test("whatever the bytes are, decoding them returns an event or says why there is none, and quotes nothing", () => {
  for (const topic of TOPICS) {
    const good = decodeRecord(topic, Buffer.from(JSON.stringify(GOOD_EVENTS[topic]())));
    expect(good.kind, `${topic}: ${JSON.stringify(good)}`).toBe("event");
    for (const [name, value] of Object.entries(poisonFor(topic))) {
      const decoded = decodeRecord(topic, value);
      if (decoded.kind === "event") expect.unreachable(`${topic}: ${name} was taken for an event`);
      expect(decoded.reason.length, name).toBeGreaterThan(5);
      expect(decoded.reason, name).not.toContain(CONTENT);
    }
  }
  const huge = decodeRecord("requests", Buffer.alloc(HUGE_BYTES, "["));
  expect(huge).toEqual({ kind: "poison", reason: "too large: 104857600 bytes, at most 1048576" });
});

let directory: string;
let log: RecordLog;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-poison-"));
  log = await openEmbeddedEventLog({ directory, writer: "test" });
});
afterEach(async () => {
  await log.close();
  await rm(directory, { recursive: true, force: true });
});

test("readers of every topic get every event around the poison, and each record that is left out is reported", async () => {
  for (const topic of TOPICS) await appendAround(topic, Object.values(poisonFor(topic)));
  const reported: string[] = [];
  const events = readEvents(log, (error: EventLogError) => reported.push(error.message));
  for (const topic of TOPICS) {
    reported.length = 0;
    const poison = Object.keys(poisonFor(topic)).length;
    const followed: unknown[] = [];
    const follower = await events.follow(topic, (event) => followed.push(event));
    expect(followed).toHaveLength(poison + 1);
    expect(reported).toHaveLength(poison);
    await follower.close();
    const scanned: unknown[] = [];
    for await (const event of events.scan(topic, 0)) scanned.push(event);
    expect(scanned).toEqual(followed);
    expect(reported.every((text) => text.includes(topic) && !text.includes(CONTENT))).toBe(true);
  }
  const directory = await openDirectory({ log: events });
  expect(directory.users.size()).toBe(Object.keys(poisonFor("users")).length + 1);
  expect(directory.keys.list()).toHaveLength(Object.keys(poisonFor("keys")).length + 1);
  await directory.close();
  let settled = 0;
  for await (const { cost } of settledRequests(events, 0)) settled += cost > 0 ? 1 : 0;
  expect(settled).toBe(Object.keys(poisonFor("requests")).length + 1);
});

test("an event that a reader fails at stops neither the reader nor what comes after it", async () => {
  await appendAround("users", []);
  await appendAround("users", []);
  const reported: unknown[] = [];
  const seen: unknown[] = [];
  const follower = await readEvents(log, (error) => reported.push(error.cause)).follow("users", (event) => {
    seen.push(event);
    if (seen.length === 1) throw new TypeError("a bug");
  });
  expect(seen).toHaveLength(2);
  expect(reported).toEqual([new TypeError("a bug")]);
  await follower.close();
});

describe("the sink", () => {
  let server: TestWarehouse;
  let sinks: Sink[] = [];
  beforeAll(async () => {
    server = await startTestWarehouse();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const tables = TOPICS.flatMap((topic) => TOPIC_CODECS[topic]?.table ?? []);
    for (const table of [...tables, "log_offsets"]) await server.warehouse.command(`TRUNCATE TABLE ${table}`);
  });
  afterEach(async () => {
    await Promise.all(sinks.map((sink) => sink.close()));
    sinks = [];
  });

  test("puts every event of every topic into its table and every poison once among the dead letters, through crashes and restarts", async () => {
    for (const topic of TOPICS) await appendAround(topic, Object.values(poisonFor(topic)));
    // Dies between the dead letters and the offset, at every partition.
    const dying = await start({
      ...server.warehouse,
      insert: (table, rows, options) =>
        table === "log_offsets"
          ? Promise.reject(new Error("killed"))
          : server.warehouse.insert(table, rows, options),
    });
    await expect.poll(() => dying.counts.failures, { timeout: 20_000 }).toBeGreaterThanOrEqual(TOPICS.length);
    await dying.close();
    await caughtUp(await start());
    await caughtUp(await start());

    for (const topic of TOPICS) {
      const poison = Object.keys(poisonFor(topic)).length;
      const letters = await lettersOf(topic);
      expect(letters, topic).toHaveLength(poison);
      expect(new Set(letters.map(({ offset }) => offset)).size).toBe(poison);
      expect(letters.every(({ reason }) => reason.length > 5)).toBe(true);
      expect(JSON.stringify(letters)).not.toContain(CONTENT);
      const table = TOPIC_CODECS[topic]?.table;
      if (table !== undefined && topic !== "dead-letters")
        expect(await rowsOf(table), topic).toBe(poison + 1);
    }
    // An event that comes later arrives: no partition stands still.
    const [later] = await appendAround("requests", []);
    await caughtUp(await start());
    expect(await rowsOf("request_events")).toBe(Object.keys(poisonFor("requests")).length + 2);
    expect(later).toBeDefined();
  });

  test("isolates what only the warehouse refuses, and takes the events beside it", async () => {
    for (const topic of TOPICS) {
      const odd = oddEventsFor(topic);
      await appendAround(topic, odd);
      await caughtUp(await start());
      const table = TOPIC_CODECS[topic]?.table;
      if (table === undefined || topic === "dead-letters") continue;
      await expect
        .poll(async () => (await rowsOf(table)) + (await lettersOf(topic)).length, { timeout: 10_000 })
        .toBe(2 * odd.length + 1);
      expect((await lettersOf(topic)).length, topic).toBeGreaterThan(0);
      expect(await latestIn(table), topic).toBe(2026);
    }
  });

  test("takes events of more months than one insert may have", async () => {
    const months = Array.from({ length: 300 }, (_, i) => Date.UTC(2000, i, 2));
    const events = months.map((ts) => ({ ...GOOD_EVENTS.requests(), ts }));
    await append(
      "requests",
      events.map((event) => Buffer.from(JSON.stringify(event))),
    );
    await caughtUp(await start());
    expect(await rowsOf("request_events")).toBe(months.length);
    expect(await lettersOf("requests")).toEqual([]);
  });

  test("gives up a lone record that the warehouse refuses with a code that nobody knows, when the table takes others", async () => {
    await appendAround("requests", []);
    const refuses: Warehouse = {
      ...server.warehouse,
      insertRaw: (table, ...rest) =>
        table === "request_events"
          ? server.warehouse.command("SELECT throwIf(1)")
          : server.warehouse.insertRaw(table, ...rest),
    };
    await caughtUp(await start(refuses));
    await expect
      .poll(async () => (await lettersOf("requests")).map(({ reason }) => reason), { timeout: 10_000 })
      .toEqual(["the warehouse refuses it: ClickHouse's error 395"]);
  });

  function start(warehouse: Warehouse = server.warehouse): Promise<Sink> {
    return startSink({
      log,
      warehouse,
      onError: () => undefined,
      now: () => 1_764_000_000_000,
      gatherMs: 5,
    }).then((sink) => {
      sinks.push(sink);
      return sink;
    });
  }

  async function rowsOf(table: string): Promise<number> {
    const [row] = await server.warehouse.query({
      sql: `SELECT count() AS rows FROM ${table} FINAL`,
      row: z.object({ rows: z.number().int() }),
    });
    return row?.rows ?? -1;
  }

  async function latestIn(table: string): Promise<number> {
    const [row] = await server.warehouse.query({
      sql: `SELECT toYear(max(ts)) AS year FROM ${table}`,
      row: z.object({ year: z.number() }),
    });
    return row?.year ?? -1;
  }

  function lettersOf(topic: Topic) {
    return server.warehouse.query({
      sql: `SELECT source_partition AS partition, source_offset AS offset, reason, key, value
        FROM dead_letters FINAL WHERE source_topic = {topic:String} AND reason != 'a test'`,
      params: { topic },
      row: z.object({
        partition: z.string(),
        offset: z.number(),
        reason: z.string(),
        key: z.literal(""),
        value: z.string(),
      }),
    });
  }
});

async function caughtUp(sink: Sink): Promise<void> {
  await expect.poll(() => sink.lag(), { timeout: 30_000, interval: 20 }).toBe(0);
}

/** Puts an event before, between and behind the records; returns the events. */
async function appendAround(topic: Topic, poison: readonly Buffer[]): Promise<object[]> {
  const events: object[] = [];
  const good = (): Buffer => {
    const event = GOOD_EVENTS[topic]();
    events.push(event);
    return Buffer.from(JSON.stringify(event));
  };
  await append(topic, [good(), ...poison.flatMap((value) => [value, good()])]);
  return events;
}

async function append(topic: Topic, values: readonly Buffer[]): Promise<void> {
  await log.append(
    topic,
    values.map((value) => ({ key: "k", value })),
  );
}
