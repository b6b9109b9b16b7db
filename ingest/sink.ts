import { setTimeout as delay } from "node:timers/promises";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { LogBatch, LogConsumer, RecordLog, Topic } from "./event-log.ts";
import { TOPICS } from "./event-log.ts";
import { type Delivery, type PartitionSink, partitionSink } from "./partition-sink.ts";
import { semaphore } from "./semaphore.ts";

export interface SinkOptions {
  readonly log: RecordLog;
  readonly warehouse: Warehouse;
  /** Told of every failure that is tried again, and of every batch with records that became dead letters. */
  readonly onError: (error: unknown, what: string) => void;
  readonly now: () => number;
  /** The consumer group in the log. Default {@link SINK_GROUP}. */
  readonly group?: string;
  /** How long a partition gathers records after an insert. Default 250 ms. */
  readonly gatherMs?: number;
}

export interface Sink {
  /** Entries in the log that are not in the warehouse yet. */
  lag(): Promise<number>;
  /** Since the start; a live object. */
  readonly counts: Readonly<SinkCounts>;
  /** Finishes the batches in hand. Idempotent. The log and the warehouse stay open. */
  close(): Promise<void>;
}

export interface SinkCounts {
  inserted: number;
  /** Found in the warehouse after a crash or a lost answer, and not inserted again. */
  skipped: number;
  deadLetters: number;
  batches: number;
  /** Batches that failed and are delivered again. */
  failures: number;
}

/** What the log calls all ingests together. */
export const SINK_GROUP = "warehouse";
const DEFAULT_GATHER_MS = 250;
/** Twice as many rows in an insert cost ClickHouse about a fifth less a row: fewer parts to merge. */
const MAX_BATCH_ENTRIES = 40_000;
const MAX_BATCH_BYTES = 32 << 20;
/** A batch as large as that says that more is waiting. */
const LARGE_BATCH_ENTRIES = 10_000;
/** Batches being copied and inserted at once, over all partitions: what bounds the sink's memory. */
const MAX_INSERTS_AT_ONCE = 2;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** Moves every event of the log into its table of the warehouse, once, and every record that is none to the dead letters. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const counts: SinkCounts = { inserted: 0, skipped: 0, deadLetters: 0, batches: 0, failures: 0 };
  const closing = new AbortController();
  const context: SinkContext = {
    ...options,
    counts,
    closed: closing.signal,
    inserts: semaphore(MAX_INSERTS_AT_ONCE),
  };
  const consumers: LogConsumer[] = [];
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all(consumers.map((consumer) => consumer.close()));
  };
  try {
    for (const topic of TOPICS) consumers.push(await consumeTopic(topic, context));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    counts,
    lag: async () => {
      const lags = await Promise.all(consumers.map((consumer) => consumer.lag()));
      return lags.reduce((sum, lag) => sum + lag, 0);
    },
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

interface SinkContext extends SinkOptions {
  readonly counts: SinkCounts;
  readonly closed: AbortSignal;
  readonly inserts: ReturnType<typeof semaphore>;
}

function consumeTopic(topic: Topic, context: SinkContext): Promise<LogConsumer> {
  const partitions = new Map<string, PartitionSink>();
  return context.log.consume({
    topic,
    group: context.group ?? SINK_GROUP,
    maxBatchEntries: MAX_BATCH_ENTRIES,
    maxBatchBytes: MAX_BATCH_BYTES,
    startAt(partition) {
      const sink = partitionSink({ ...context, topic, partition });
      partitions.set(partition, sink);
      return resumeWhenPossible(sink, { topic, partition }, context);
    },
    async eachBatch(batch) {
      const sink = partitions.get(batch.partition);
      if (sink === undefined) throw new Error(`a batch of ${batch.partition} came before its startAt`);
      await takeBatch(sink, batch, context);
    },
  });
}

async function takeBatch(sink: PartitionSink, batch: LogBatch, context: SinkContext): Promise<void> {
  const startedAt = performance.now();
  try {
    count(await context.inserts(() => sink.deliver(batch.entries)), batch, context);
  } catch (error) {
    context.counts.failures += 1;
    context.onError(error, `${batch.topic}/${batch.partition}: a batch failed and will be delivered again`);
    throw error;
  }
  // Many small inserts cost the warehouse more than few large ones.
  if (batch.entries.length >= LARGE_BATCH_ENTRIES) return;
  const gatherMs = context.gatherMs ?? DEFAULT_GATHER_MS;
  await pause(gatherMs - (performance.now() - startedAt), context.closed);
}

function count({ inserted, skipped, refused }: Delivery, batch: LogBatch, context: SinkContext): void {
  const { counts } = context;
  counts.batches += 1;
  counts.inserted += inserted;
  counts.skipped += skipped;
  counts.deadLetters += refused.length;
  const [first] = refused;
  if (first === undefined) return;
  const what = `${batch.topic}/${batch.partition}: ${refused.length} of ${batch.entries.length} records became dead letters`;
  context.onError(new Error(`offset ${first.entry.offset}: ${first.reason}`), what);
}

/** The warehouse may start after the sink, or be away: a partition waits for it rather than be given up. */
async function resumeWhenPossible(
  sink: PartitionSink,
  at: { topic: Topic; partition: string },
  { onError, closed }: SinkContext,
): Promise<number> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(MAX_RETRY_MS, waitMs * 2)) {
    try {
      return await sink.resume();
    } catch (error) {
      if (closed.aborted) throw error;
      onError(error, `${at.topic}/${at.partition}: the warehouse cannot say yet where to go on`);
      await pause(waitMs, closed);
    }
  }
}

/** Ends early when the sink closes. */
async function pause(ms: number, closed: AbortSignal): Promise<void> {
  if (ms <= 0 || closed.aborted) return;
  await delay(ms, undefined, { signal: closed }).catch((error: unknown) => {
    if (!closed.aborted) throw error;
  });
}
