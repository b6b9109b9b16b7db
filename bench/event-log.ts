import { mkdtemp, rm } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { openEmbeddedEventLog } from "../ingest/event-log.embedded.ts";
import type { LogRecord, RecordLog } from "../ingest/event-log.ts";

const ROUNDS = 5;
const CALLERS = 64;
const APPENDS = 60_000;
const TAIL_SAMPLES = 1_000;
const BACKLOG = 300_000;
const BULK = 1_000;
const VALUE_BYTES = 600;

const record: LogRecord = { key: "user-0001", value: Buffer.alloc(VALUE_BYTES, "x") };
const [parent = process.cwd()] = new Command("bench:event-log")
  .description(
    "Measures the embedded event log: durable appends a second with 64 callers, how long a follower waits for an entry, and how fast a consumer reads a backlog. Prints JSON.",
  )
  .argument("[directory]", "on the disk that is to be measured; default: here")
  .parse().args;

const appends: AppendFigures[] = [];
const tails: Percentiles[] = [];
const reads: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  appends.push(await withLogs(measureAppends));
  tails.push(await withLogs(measureTail));
  reads.push(await withLogs(measureConsume));
}
console.log(
  JSON.stringify(
    {
      machine: {
        cpu: cpus()[0]?.model,
        cores: cpus().length,
        memoryBytes: totalmem(),
        node: process.version,
      },
      rounds: ROUNDS,
      valueBytes: VALUE_BYTES,
      durableAppends: {
        inFlight: CALLERS,
        perSecond: median(appends.map(({ perSecond }) => perSecond)),
        p50Ms: median(appends.map(({ p50Ms }) => p50Ms)),
        p99Ms: median(appends.map(({ p99Ms }) => p99Ms)),
        perSecondByRound: appends.map(({ perSecond }) => perSecond),
      },
      appendToFollower: {
        p50Ms: median(tails.map(({ p50Ms }) => p50Ms)),
        p99Ms: median(tails.map(({ p99Ms }) => p99Ms)),
      },
      consumedPerSecond: median(reads),
    },
    null,
    2,
  ),
);

interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface AppendFigures extends Percentiles {
  readonly perSecond: number;
}

async function withLogs<T>(measure: (writer: RecordLog, reader: RecordLog) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(parent, ".bench-event-log-"));
  const writer = await openEmbeddedEventLog({ directory, writer: "writer" });
  const reader = await openEmbeddedEventLog({ directory, writer: "reader" });
  try {
    return await measure(writer, reader);
  } finally {
    await Promise.all([writer.close(), reader.close()]);
    await rm(directory, { recursive: true });
  }
}

async function measureAppends(log: RecordLog): Promise<AppendFigures> {
  const latenciesMs: number[] = [];
  let left = APPENDS;
  async function caller(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const startedMs = performance.now();
      await log.append("requests", [record]);
      latenciesMs.push(performance.now() - startedMs);
    }
  }
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { perSecond: perSecond(APPENDS, startedMs), ...percentiles(latenciesMs) };
}

async function measureTail(log: RecordLog, reader: RecordLog): Promise<Percentiles> {
  let arrived = () => {};
  await reader.follow("directives", () => arrived());
  const latenciesMs: number[] = [];
  for (let sample = 0; sample < TAIL_SAMPLES; sample += 1) {
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const startedMs = performance.now();
    await Promise.all([log.append("directives", [record]), arrival]);
    latenciesMs.push(performance.now() - startedMs);
  }
  return percentiles(latenciesMs);
}

async function measureConsume(log: RecordLog, reader: RecordLog): Promise<number> {
  const bulk = Array.from({ length: BULK }, () => record);
  for (let written = 0; written < BACKLOG; written += BULK) await log.append("requests", bulk);
  const startedMs = performance.now();
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const consuming = reader.consume({
      topic: "requests",
      group: "bench",
      startAt: async () => 0,
      eachBatch: async ({ entries }) => {
        seen += entries.length;
        if (seen === BACKLOG) resolve();
      },
    });
    consuming.catch(reject);
  });
  return perSecond(BACKLOG, startedMs);
}

function perSecond(count: number, startedMs: number): number {
  return Math.round(count / ((performance.now() - startedMs) / 1_000));
}

function percentiles(latenciesMs: number[]): Percentiles {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return { p50Ms: rounded(quantile(sorted, 0.5)), p99Ms: rounded(quantile(sorted, 0.99)) };
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Nearest rank. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
