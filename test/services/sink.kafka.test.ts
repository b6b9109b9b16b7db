import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { LogRecord, RecordLog } from "../../ingest/event-log.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { reconcile } from "../../pipeline/reconciliation.ts";
import { readableLog } from "../support/readable-log.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
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
  for (const table of ["request_events", "log_offsets", "dead_letters"])
    await warehouse.warehouse.command(`TRUNCATE TABLE ${table}`);
  kafka = await openKafkaHarness();
});
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  await kafka.dispose();
});

test("two ingests share the partitions, one more comes and one goes while events flow: each event is there once", async () => {
  const events: RequestEvent[] = [];
  let writing = true;
  const writer = (async () => {
    while (writing) events.push(...(await appendRequests(kafka.log, 200, events.length)));
  })();
  const first = await startIngest();
  const second = await startIngest();
  await waitFor("both to have work", () => first.counts.inserted > 0 && second.counts.inserted > 0, 30_000);
  const third = await startIngest();
  await waitFor("the third to have work", () => third.counts.inserted > 0, 30_000);
  await first.close();
  const atClose = second.counts.inserted + third.counts.inserted;
  await waitFor("the rest to go on", () => second.counts.inserted + third.counts.inserted > atClose, 30_000);
  writing = false;
  await writer;
  await waitFor("the end", async () => (await stored()).distinct === events.length, 30_000);
  const cost = events.reduce((sum, event) => sum + event.cost, 0);
  expect(await stored()).toEqual({ rows: events.length, distinct: events.length, cost });
});

test("a sink that dies is replaced by the others, and what it had inserted but not written down is not inserted again", async () => {
  const dying = await startIngest({ failOffsets: true });
  const events = await appendRequests(kafka.log, 500);
  await waitFor("its rows", async () => (await stored()).rows === events.length, 30_000);
  await dying.close();
  const next = await startIngest();
  await waitFor("the next one", () => next.counts.skipped === events.length, 30_000);
  expect(next.counts.inserted).toBe(0);
  expect((await stored()).rows).toBe(events.length);
});

test("gateway, log and warehouse reconcile: offsets of the log count its events, without a gap", async () => {
  await startIngest();
  const events = await appendRequests(kafka.log, 700);
  await kafka.log.append("requests", [{ key: "bad", value: Buffer.from("no JSON") }]);
  const costNano = events.reduce((sum, event) => sum + event.cost, 0);
  const report = await waitFor(
    "the reconciliation",
    async () => {
      const found = await reconcile({
        log: readableLog(kafka.log),
        warehouse: warehouse.warehouse,
        gatewayTotals: async () => ({ events: 701, costNano }),
      });
      return found.agree && found;
    },
    30_000,
  );
  expect(report).toMatchObject({ log: { events: 701 }, deadLetters: 1, lag: 0, missing: 0, settled: true });
});

async function startIngest(more: { failOffsets?: boolean } = {}): Promise<Sink> {
  const { warehouse: real } = warehouse;
  const sink = await startSink({
    log: await kafka.open(),
    warehouse:
      more.failOffsets === true
        ? {
            ...real,
            insert: (table, rows, options) =>
              table === "log_offsets"
                ? Promise.reject(new Error("it dies here"))
                : real.insert(table, rows, options),
          }
        : real,
    now: Date.now,
    onError: () => {},
    gatherMs: 20,
  });
  sinks.push(sink);
  return sink;
}

async function appendRequests(log: RecordLog, count: number, first = 0): Promise<RequestEvent[]> {
  const events = Array.from({ length: count }, (_, at) =>
    makeRequestEvent({ user_id: `user-${(first + at) % 53}`, cost: 1 + first + at }),
  );
  const records: LogRecord[] = events.map((event) => ({
    key: event.user_id,
    value: Buffer.from(JSON.stringify(event)),
  }));
  await log.append("requests", records);
  return events;
}

async function stored() {
  const [row] = await warehouse.warehouse.query({
    sql: "SELECT count() AS rows, uniqExact(event_id) AS distinct, sum(cost) AS cost FROM request_events",
    row: z.object({ rows: z.coerce.number(), distinct: z.coerce.number(), cost: z.coerce.number() }),
  });
  return row ?? { rows: 0, distinct: 0, cost: 0 };
}
