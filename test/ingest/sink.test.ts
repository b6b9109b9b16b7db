import { join } from "node:path";
import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { LogRecord, RecordLog, Topic } from "../../ingest/event-log.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { type Warehouse, WarehouseError } from "../../warehouse/warehouse.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

let server: TestWarehouse;
let log: RecordLog;
const sinks: Sink[] = [];
const errors: string[] = [];

beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());
beforeEach(async () => {
  for (const table of ["request_events", "directive_events", "user_events", "dead_letters", "log_offsets"]) {
    await server.warehouse.command(`TRUNCATE TABLE ${table}`);
  }
  errors.length = 0;
  log = await openEmbeddedEventLog({ directory: join(server.directory, uuidv7()), writer: "test" });
});
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  await log.close();
});

test("every request arrives once, field by field, and the costs add up to the nano-dollar", async () => {
  const events = Array.from({ length: 5_000 }, (_, i) =>
    makeRequestEvent({
      user_id: `user-${i % 97}`,
      cost: 1 + ((i * 7_919_997_331) % 1_000_003),
      ts: 1_764_000_000_000 + i,
    }),
  );
  await append("requests", events);
  const sink = await start();
  await caughtUp(sink);
  const { rows, cost } = await totals();
  expect(rows).toBe(events.length);
  expect(cost).toBe(events.reduce((sum, event) => sum + event.cost, 0));
  const [sample] = events;
  expect(await storedEvent(sample?.event_id ?? "")).toEqual(sample);
  expect(sink.counts).toMatchObject({ inserted: events.length, skipped: 0, deadLetters: 0, failures: 0 });
});

test("a crash after the rows and before the offset inserts nothing twice", async () => {
  const events = await appendRequests(300);
  const broken: Warehouse = {
    ...server.warehouse,
    insert: (table, rows, options) =>
      table === "log_offsets" ? Promise.reject(unreachable()) : server.warehouse.insert(table, rows, options),
  };
  const crashed = await start({ warehouse: broken });
  await expect.poll(() => crashed.counts.failures, { timeout: 10_000 }).toBeGreaterThan(1);
  await crashed.close();
  expect((await totals()).stored).toBe(events.length);

  const later = await appendRequests(50);
  const sink = await start();
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 350, stored: 350, cost: costOf([...events, ...later]) });
  expect(sink.counts).toMatchObject({ inserted: 50, skipped: 300 });
});

test("an insert whose answer was lost is not repeated", async () => {
  const events = await appendRequests(200);
  let lost = 0;
  const sink = await start({
    warehouse: {
      ...server.warehouse,
      async insertRaw(...args) {
        await server.warehouse.insertRaw(...args);
        lost += 1;
        if (lost === 1) throw unreachable();
      },
    },
  });
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 200, stored: 200, cost: costOf(events) });
});

test("a restarted sink goes on where it was, and reading the whole log again changes nothing", async () => {
  const events = await appendRequests(100);
  const first = await start();
  await caughtUp(first);
  await first.close();
  const before = await totals();
  await server.warehouse.command("TRUNCATE TABLE log_offsets");
  const again = await start();
  await expect.poll(() => again.counts.skipped, { timeout: 10_000 }).toBe(events.length);
  expect(again.counts.inserted).toBe(0);
  expect(await totals()).toEqual(before);
});

test("bad records become dead letters with a reason, and all good ones around them arrive", async () => {
  const good = await Promise.all([
    appendRequests(40),
    appendBad(),
    appendRequests(40),
    appendBad(),
    appendRequests(1),
  ]);
  const sink = await start();
  await caughtUp(sink);
  const bad = badValues();
  expect((await totals()).rows).toBe(81);
  expect((await totals()).cost).toBe(costOf(good.flat()));
  expect(sink.counts.deadLetters).toBe(2 * bad.length);
  await expect.poll(async () => (await deadLetters()).length, { timeout: 10_000 }).toBe(2 * bad.length);
  const letters = await deadLetters();
  expect(letters.map(({ size }) => size).sort()).toEqual(
    [...bad, ...bad].map((value) => value.length).sort(),
  );
  expect(letters.every(({ reason, topic }) => reason !== "" && topic === "requests")).toBe(true);
  expect(errors.length).toBeGreaterThan(0);
});

test("a topic with nothing but bad records does not stop", async () => {
  await appendBad();
  const sink = await start();
  await caughtUp(sink);
  const [event] = await appendRequests(1);
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 1, cost: event?.cost });
});

test("nothing becomes a dead letter because the table is at fault", async () => {
  await server.warehouse.command("RENAME TABLE request_events TO request_events_away");
  const events = await appendRequests(30);
  const sink = await start();
  await expect.poll(() => sink.counts.failures, { timeout: 10_000 }).toBeGreaterThan(1);
  await server.warehouse.command("RENAME TABLE request_events_away TO request_events");
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 30, cost: costOf(events) });
  expect(sink.counts.deadLetters).toBe(0);
});

test("while the warehouse is down nothing is lost, and the sink goes on by itself", async () => {
  const before = await appendRequests(20);
  const sink = await start();
  await caughtUp(sink);
  await server.kill();
  const meanwhile = await appendRequests(30);
  await expect.poll(() => sink.counts.failures, { timeout: 10_000 }).toBeGreaterThan(0);
  await server.restart();
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 50, stored: 50, cost: costOf([...before, ...meanwhile]) });
});

test("a sink that starts before the warehouse waits for it", async () => {
  const events = await appendRequests(5);
  await server.kill();
  const starting = start();
  await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await server.restart();
  await caughtUp(await starting);
  expect(await totals()).toMatchObject({ rows: 5, cost: costOf(events) });
});

test("of one event any outcome wins over orphaned, whichever comes first", async () => {
  const orphanFirst = makeRequestEvent({ cost: 10, outcome: "ok" });
  const orphanLast = makeRequestEvent({ cost: 20, outcome: "failed" });
  const alone = makeRequestEvent({ cost: 400, outcome: "orphaned" });
  const orphanOf = (event: RequestEvent): RequestEvent => ({
    ...event,
    outcome: "orphaned",
    cost: 1_000,
    provider: "other",
  });
  await append("requests", [orphanOf(orphanFirst), orphanLast, alone]);
  const sink = await start();
  await caughtUp(sink);
  await append("requests", [orphanFirst, orphanOf(orphanLast)]);
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 3, cost: 430 });
  await server.warehouse.command("OPTIMIZE TABLE request_events FINAL");
  expect(await totals()).toMatchObject({ rows: 3, stored: 3, cost: 430 });
});

test("of two orphaned rows of one request the one that cost more stays, whichever comes first", async () => {
  const small = makeRequestEvent({ cost: 30, outcome: "orphaned" });
  const large = makeRequestEvent({ cost: 70, outcome: "orphaned" });
  await append("requests", [small, large]);
  const sink = await start();
  await caughtUp(sink);
  await append("requests", [
    { ...small, cost: 50 },
    { ...large, cost: 40 },
  ]);
  await caughtUp(sink);
  expect(await totals()).toMatchObject({ rows: 2, cost: 120 });
  await server.warehouse.command("OPTIMIZE TABLE request_events FINAL");
  expect(await totals()).toMatchObject({ rows: 2, stored: 2, cost: 120 });
});

test("directives and users arrive as columns", async () => {
  const id = uuidv7();
  const by = { type: "admin", name: "ada" };
  const directive = {
    id,
    issuedBy: by,
    reason: "too dear",
    evidence: null,
    issuedAt: 1_764_000_000_000,
    expiresAt: 1_764_000_060_000,
    kind: "rate-limit",
    params: { requestsPerMinute: 5, scope: "user" },
  };
  await append("directives", [
    { type: "issued", directive },
    { type: "revoked", id, by, reason: "over", ts: 1_764_000_030_000 },
  ]);
  await append("users", [
    { event_id: uuidv7(), user_id: "u", ts: 1_764_000_000_000, type: "seen", tier: "free" },
  ]);
  await caughtUp(await start());
  const rows = await server.warehouse.query({
    sql: "SELECT type, kind, actor, params, reason, JSONExtractString(event, 'type') AS inner FROM directive_events FINAL ORDER BY ts",
    row: z.unknown(),
  });
  expect(rows).toEqual([
    {
      type: "issued",
      kind: "rate-limit",
      actor: "ada",
      params: JSON.stringify(directive.params),
      reason: "too dear",
      inner: "issued",
    },
    { type: "revoked", kind: "", actor: "ada", params: "", reason: "over", inner: "revoked" },
  ]);
  const users = await server.warehouse.query({
    sql: "SELECT user_id, type, tier FROM user_events FINAL",
    row: z.unknown(),
  });
  expect(users).toEqual([{ user_id: "u", type: "seen", tier: "free" }]);
});

test("whatever is in the log, good records arrive once and the rest are dead letters", async () => {
  const record = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .integer({ min: 0, max: 1_000_000 })
        .map((cost) => JSON.stringify(makeRequestEvent({ cost }))),
    },
    { weight: 1, arbitrary: fc.constantFrom(...badValues()) },
    { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 40 }) },
    { weight: 1, arbitrary: fc.json() },
  );
  let appended = 0;
  const sink = await start();
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async (values) => {
      await log.append("requests", values.map(toRecord));
      appended += values.length;
      await caughtUp(sink);
      const { stored } = await totals();
      expect(stored + sink.counts.deadLetters).toBe(appended);
    }),
    { numRuns: 15 },
  );
});

function start(given: { warehouse?: Warehouse } = {}): Promise<Sink> {
  const onError = (error: unknown, what: string) => errors.push(`${what}: ${String(error)}`);
  const starting = startSink({
    log,
    warehouse: server.warehouse,
    onError,
    now: () => 1_764_000_000_000,
    gatherMs: 5,
    ...given,
  });
  return starting.then((sink) => {
    sinks.push(sink);
    return sink;
  });
}

async function append(topic: Topic, values: readonly object[]): Promise<void> {
  await log.append(
    topic,
    values.map((value) => toRecord(JSON.stringify(value))),
  );
}

async function appendRequests(count: number): Promise<RequestEvent[]> {
  const events = Array.from({ length: count }, (_, i) => makeRequestEvent({ cost: 1_000 + i }));
  await append("requests", events);
  return events;
}

async function appendBad(): Promise<[]> {
  await log.append("requests", badValues().map(toRecord));
  return [];
}

function badValues(): string[] {
  const event = {
    ...makeRequestEvent(),
    event_id: "01900000-0000-7000-8000-000000000001",
    request_id: "01900000-0000-7000-8000-000000000002",
  };
  const { cost: _, ...withoutCost } = event;
  const text = JSON.stringify(event);
  return [
    JSON.stringify(withoutCost),
    JSON.stringify({ ...event, event_id: "" }),
    JSON.stringify({ ...event, outcome: "great" }),
    JSON.stringify({ ...event, attempts: "none" }),
    text.slice(0, text.length / 2),
    `${text}${text}`,
    "{}",
    "null",
    "not json",
  ];
}

function toRecord(value: string): LogRecord {
  return { key: "k", value: Buffer.from(value) };
}

async function caughtUp(sink: Sink): Promise<void> {
  await expect.poll(() => sink.lag(), { timeout: 20_000, interval: 20 }).toBe(0);
}

async function totals() {
  const [row] = await server.warehouse.query({
    sql: "SELECT count() AS rows, sum(cost) AS cost, (SELECT count() FROM request_events) AS stored FROM request_events FINAL",
    row: z.object({ rows: z.number().int(), cost: z.number().int(), stored: z.number().int() }),
  });
  if (row === undefined) throw new Error("an aggregate without a row");
  return row;
}

async function storedEvent(eventId: string): Promise<unknown> {
  const [row] = await server.warehouse.query({
    sql: `SELECT * EXCEPT (log_partition, log_offset, ingested_at, ts), toUnixTimestamp64Milli(ts) AS ts
      FROM request_events FINAL WHERE event_id = {eventId:UUID}`,
    params: { eventId },
    row: z.unknown(),
  });
  return row;
}

function deadLetters() {
  return server.warehouse.query({
    sql: "SELECT value_bytes AS size, reason, source_topic AS topic FROM dead_letters FINAL",
    row: z.object({ size: z.number(), reason: z.string(), topic: z.string() }),
  });
}

function costOf(events: readonly RequestEvent[]): number {
  return events.reduce((sum, { cost }) => sum + cost, 0);
}

function unreachable(): WarehouseError {
  return new WarehouseError("the answer was lost", { retryable: true });
}
