import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { z } from "zod";
import { openRedisUsageStore } from "../gateway/usage-store.redis.ts";
import type { Reservation } from "../gateway/usage-store.ts";
import { openEmbeddedEventLog } from "../ingest/event-log.embedded.ts";
import { openKafkaEventLog } from "../ingest/event-log.kafka.ts";
import type { LogRecord, RecordLog } from "../ingest/event-log.ts";
import { parseKafkaUrl } from "../ingest/kafka/kafka-url.ts";
import { startSink } from "../ingest/sink.ts";
import { drainedOffsets } from "../ingest/spool/drained-offsets.ts";
import { openSpooledEventLog } from "../ingest/spool/spooled-event-log.ts";
import { SCOPES } from "../models/domain/charge.ts";
import { startKafkaServer } from "../test/services/support/kafka-server.ts";
import { startRedisServer } from "../test/services/support/redis-server.ts";
import { makeRequestEvent } from "../test/warehouse/make-request-event.ts";
import { startTestWarehouse } from "../test/warehouse/test-warehouse.ts";

const CALLERS = 64;
const APPENDS = 30_000;
const BACKLOG = 400_000;
/** Members of the consumer group: while one waits for the warehouse, the other reads. */
const INGESTS = 2;
const BULK = 1_000;
const SAMPLES = 100;
const RESERVES = 20_000;
const SERIAL_RESERVES = 3_000;

new Command("bench:pipeline")
  .description(
    "Measures a real Kafka, Redis and ClickHouse, all at once: appends a second, rows a second through the sink, request to visible row, directive to follower, reserve and settle through Redis. Prints JSON.",
  )
  .addHelpText("after", "\nNeeds what scripts/install-services.sh installs.")
  .parse();

const [kafka, redis, warehouse] = await Promise.all([
  startKafkaServer(),
  startRedisServer(),
  startTestWarehouse(),
]);
const directory = await mkdtemp(join(tmpdir(), "vigor-bench-"));
const onError = (error: unknown): void => console.error(error);
const settings = parseKafkaUrl(`kafka://${kafka.broker}?prefix=bench.&partitions=6`);
const openLog = () => openKafkaEventLog({ settings, clientId: "bench", onError });
try {
  const log = await openLog();
  const report = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.version,
    kafkaAppends: await measureAppends(log),
    redis: await measureRedis(),
    directiveToObeyedMs: await measureDirectives(log),
    sink: await measureSink(log),
    requestToVisibleMs: await measureVisible(),
  };
  await log.close();
  console.log(JSON.stringify(report, null, 2));
} finally {
  await Promise.all([kafka.close(), redis.close(), warehouse.close()]);
  await rm(directory, { recursive: true, force: true });
}

async function measureAppends(log: RecordLog) {
  const record = eventRecord(0);
  const { latenciesMs, perSecond } = await fromCallers(APPENDS, () => log.append("keys", [record]));
  return { inFlight: CALLERS, perSecond, ...percentiles(latenciesMs) };
}

async function measureRedis() {
  const store = await openRedisUsageStore({ url: redis.url, prefix: randomUUID(), now: Date.now, onError });
  const cycle = async (at: number) => {
    const reservation = reservationOf(at);
    await store.reserve(reservation);
    await store.settle(
      reservation.id,
      reservation.charges.map(() => 1),
    );
  };
  const serialMs: number[] = [];
  for (let at = 0; at < SERIAL_RESERVES; at += 1) {
    const startedMs = performance.now();
    await store.reserve(reservationOf(at));
    serialMs.push(performance.now() - startedMs);
  }
  const concurrent = await fromCallers(RESERVES, (at) => cycle(SERIAL_RESERVES + at));
  await store.close();
  return {
    charges: SCOPES.length,
    reserveOneAtATime: percentiles(serialMs),
    reserveAndSettle: {
      inFlight: CALLERS,
      perSecond: concurrent.perSecond,
      ...percentiles(concurrent.latenciesMs),
    },
  };
}

async function measureDirectives(log: RecordLog) {
  const gateway = await openLog();
  let arrived = (): void => {};
  await gateway.follow("directives", () => arrived());
  const latenciesMs: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const startedMs = performance.now();
    await Promise.all([log.append("directives", [eventRecord(sample)]), arrival]);
    latenciesMs.push(performance.now() - startedMs);
  }
  await gateway.close();
  return percentiles(latenciesMs);
}

/** Reads a backlog, from the first row that is in the warehouse to the last one. */
async function measureSink(log: RecordLog) {
  for (let written = 0; written < BACKLOG; written += BULK)
    await log.append(
      "requests",
      Array.from({ length: BULK }, (_, at) => eventRecord(written + at)),
    );
  const logs = await Promise.all(Array.from({ length: INGESTS }, openLog));
  const sinks = await Promise.all(
    logs.map((each) => startSink({ log: each, warehouse: warehouse.warehouse, now: Date.now, onError })),
  );
  const inserted = (): number => sinks.reduce((sum, { counts }) => sum + counts.inserted, 0);
  while (inserted() === 0) await delay(1);
  const warehouseCpuBeforeUs = await warehouseCpuUs();
  const [startedMs, before, cpuBefore] = [performance.now(), inserted(), process.cpuUsage()];
  while (inserted() < BACKLOG) await delay(5);
  const rows = BACKLOG - before;
  const rowsPerSecond = Math.round(rows / ((performance.now() - startedMs) / 1_000));
  const { user, system } = process.cpuUsage(cpuBefore);
  const perRow = (us: number): number => Math.round((10 * us) / rows) / 10;
  /** Processor time says what a quieter machine could do; with merges, as far as they have come. */
  const cpuUsPerRow = {
    ingest: perRow(user + system),
    warehouse: perRow((await warehouseCpuUs()) - warehouseCpuBeforeUs),
  };
  await Promise.all(sinks.map((sink) => sink.close()));
  await Promise.all(logs.map((each) => each.close()));
  return { rows: BACKLOG, ingests: INGESTS, rowsPerSecond, cpuUsPerRow };
}

/** Of all threads of ClickHouse, since its start. */
async function warehouseCpuUs(): Promise<number> {
  const [row] = await warehouse.warehouse.query({
    sql: "SELECT value AS us FROM system.events WHERE event = 'OSCPUVirtualTimeMicroseconds'",
    row: z.object({ us: z.coerce.number() }),
  });
  return row?.us ?? Number.NaN;
}

/** From the acknowledged append of a gateway (spool) through Kafka to a row that a query sees. */
async function measureVisible() {
  const spoolDirectory = join(directory, "spool");
  const spool = await openEmbeddedEventLog({ directory: spoolDirectory, writer: "bench" });
  const log = await openSpooledEventLog({
    spool,
    target: await openLog(),
    drainedTo: drainedOffsets(spoolDirectory),
  });
  const ingest = await openLog();
  const sink = await startSink({ log: ingest, warehouse: warehouse.warehouse, now: Date.now, onError });
  const latenciesMs: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const event = makeRequestEvent();
    const startedMs = performance.now();
    await log.append("requests", [{ key: event.user_id, value: Buffer.from(JSON.stringify(event)) }]);
    while (!(await isVisible(event.event_id))) await delay(5);
    latenciesMs.push(performance.now() - startedMs);
  }
  await sink.close();
  await Promise.all([log.close(), ingest.close()]);
  return percentiles(latenciesMs);
}

async function isVisible(eventId: string): Promise<boolean> {
  const [row] = await warehouse.warehouse.query({
    sql: "SELECT count() AS found FROM request_events WHERE event_id = {eventId:String}",
    params: { eventId },
    row: z.object({ found: z.coerce.number() }),
  });
  return row?.found === 1;
}

function eventRecord(at: number): LogRecord {
  const event = makeRequestEvent({ user_id: `user-${at % 997}` });
  return { key: event.user_id, value: Buffer.from(JSON.stringify(event)) };
}

/** As many charges as a request of the gateway has. */
function reservationOf(at: number): Reservation {
  const charges = SCOPES.map((scope) => ({
    scope,
    unit: "nano-usd" as const,
    key: scope.startsWith("user") ? `${scope}:u${at % 1_000}` : scope,
    amount: 1_000,
    limit: 1e15,
    windowEndsAtMs: Date.now() + 3_600_000,
  }));
  return { id: `r${at}/0`, charges, expiresAtMs: Date.now() + 120_000, memo: "x".repeat(600) };
}

async function fromCallers(count: number, call: (at: number) => Promise<unknown>) {
  const latenciesMs: number[] = [];
  let next = 0;
  async function caller(): Promise<void> {
    while (next < count) {
      const at = next++;
      const startedMs = performance.now();
      await call(at);
      latenciesMs.push(performance.now() - startedMs);
    }
  }
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { latenciesMs, perSecond: Math.round(count / ((performance.now() - startedMs) / 1_000)) };
}

function percentiles(latenciesMs: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (q: number): number =>
    Math.round((sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN) * 1_000) / 1_000;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
