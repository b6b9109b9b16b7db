import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { openEmbeddedEventLog } from "../ingest/event-log.embedded.ts";
import type { LogRecord, RecordLog } from "../ingest/event-log.ts";
import { type Sink, startSink } from "../ingest/sink.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { startEmbeddedWarehouse } from "../warehouse/embedded-server.ts";
import { migrate } from "../warehouse/migrate.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

const APPEND_AT_ONCE = 2_000;
const POLL_MS = 5;

const program = new Command("bench:ingest")
  .description(
    "Measures the way from the log into the warehouse: a backlog of request events in the embedded log, read by the sink " +
      "into the embedded ClickHouse; and how long a single event takes to be seen by a query. Prints JSON.",
  )
  .option("--rows <number>", "request events in the backlog of each round", Number, 300_000)
  .option("--rounds <number>", "rounds; the median is the result", Number, 5)
  .option("--samples <number>", "single events for the time to be seen", Number, 50)
  .option("--directory <path>", "on the disk that is to be measured", tmpdir())
  .parse();
const settings = program.opts<{ rows: number; rounds: number; samples: number; directory: string }>();

const root = await mkdtemp(join(settings.directory, "vigor-bench-ingest-"));
const server = await startEmbeddedWarehouse({
  dataDirectory: join(root, "warehouse"),
  host: "127.0.0.1",
  port: await freePort(),
});
try {
  await migrate({ url: server.url });
  const warehouse = openWarehouse({ url: server.url });
  const rowsPerSecond: number[] = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    rowsPerSecond.push(await withLog((log) => measureBacklog(log, warehouse)));
  }
  const seenMs = await withLog((log) => measureSeen(log, warehouse));
  await warehouse.close();
  report(rowsPerSecond, seenMs);
} finally {
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

function report(rowsPerSecond: readonly number[], seenMs: readonly number[]): void {
  const result = {
    rowsPerSecond: quantile(rowsPerSecond, 0.5),
    rowsPerSecondByRound: rowsPerSecond,
    appendToSeenMs: { p50: quantile(seenMs, 0.5), p99: quantile(seenMs, 0.99) },
    ...settings,
    valueBytes: makeRecord(0).value.length,
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version },
  };
  console.log(JSON.stringify(result, null, 2));
}

async function withLog<T>(work: (log: RecordLog) => Promise<T>): Promise<T> {
  const directory = join(root, uuidv7());
  const log = await openEmbeddedEventLog({ directory, writer: "bench" });
  try {
    return await work(log);
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureBacklog(log: RecordLog, warehouse: Warehouse): Promise<number> {
  await warehouse.command("TRUNCATE TABLE request_events");
  for (let done = 0; done < settings.rows; done += APPEND_AT_ONCE) {
    const count = Math.min(APPEND_AT_ONCE, settings.rows - done);
    await log.append(
      "requests",
      Array.from({ length: count }, (_, i) => makeRecord(done + i)),
    );
  }
  const startedMs = performance.now();
  const sink = await start(log, warehouse);
  while (sink.counts.inserted < settings.rows) await delay(POLL_MS);
  const elapsedMs = performance.now() - startedMs;
  await sink.close();
  return Math.round(settings.rows / (elapsedMs / 1_000));
}

async function measureSeen(log: RecordLog, warehouse: Warehouse): Promise<number[]> {
  const sink = await start(log, warehouse);
  const samples: number[] = [];
  for (let sample = 0; sample < settings.samples; sample += 1) {
    const eventId = uuidv7();
    const startedMs = performance.now();
    await log.append("requests", [makeRecord(sample, eventId)]);
    while (!(await isSeen(warehouse, eventId))) await delay(POLL_MS);
    samples.push(Math.round(performance.now() - startedMs));
  }
  await sink.close();
  return samples;
}

async function isSeen(warehouse: Warehouse, eventId: string): Promise<boolean> {
  const rows = await warehouse.query({
    sql: "SELECT 1 AS seen FROM request_events WHERE ts > now() - INTERVAL 1 HOUR AND event_id = {eventId:UUID}",
    params: { eventId },
    row: z.object({ seen: z.number() }),
  });
  return rows.length > 0;
}

function start(log: RecordLog, warehouse: Warehouse): Promise<Sink> {
  return startSink({ log, warehouse, now: Date.now, onError: (error, what) => console.error(what, error) });
}

function makeRecord(i: number, eventId = uuidv7()): LogRecord {
  const event = {
    event_id: eventId,
    request_id: uuidv7(),
    ts: Date.now() - (i % 60_000),
    app_id: "app-1",
    user_id: `user-${i % 10_007}`,
    tier: i % 5 === 0 ? "premium" : "free",
    feature: i % 3 === 0 ? "workout-plan" : "general-advice",
    country: "DE",
    device: "ios",
    controls_version: "0123456789ab",
    requested_model: "auto",
    provider: i % 4 === 0 ? "gpt-4o-mini" : "gemini-flash",
    model: i % 4 === 0 ? "gpt-4o-mini" : "gemini-2.5-flash",
    route_reason: "tier",
    attempts: [{ provider: "gemini-flash", outcome: "ok", ms: 300 + (i % 900) }],
    outcome: "ok",
    denial_reason: "",
    http_status: 200,
    stream: i % 2 === 0,
    latency_ms: 301.5 + (i % 900),
    ttft_ms: 120.25,
    provider_ms: 300 + (i % 900),
    overhead_us: 850 + (i % 100),
    input_tokens: 180 + (i % 700),
    cached_input_tokens: i % 50,
    output_tokens: 90 + (i % 400),
    reasoning_tokens: 0,
    cost: 100_000 + ((i * 7_919) % 900_000),
    cache_saved: 0,
    source: "live",
  };
  return { key: event.user_id, value: Buffer.from(JSON.stringify(event)) };
}

/** Nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
