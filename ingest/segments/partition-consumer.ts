import { setTimeout as delay } from "node:timers/promises";
import type { ConsumeOptions, LogBatch, LogEntry } from "../event-log.ts";
import { EventLogError } from "../event-log.ts";
import type { GroupOffsets } from "./group-offsets.ts";
import { openPartitionReader, type PartitionReader } from "./partition-reader.ts";
import type { ReadLimits } from "./segment-cursor.ts";
import { createSignal } from "./sharing.ts";

/** One partition's way through a consumer: start, then batch after batch, each until it is done. */
export interface PartitionConsumer {
  /** There may be something to read, or the signal was aborted. */
  notify(): void;
  isFinished(): boolean;
  /** Settles when the partition has ended or the signal was aborted; never rejects. */
  readonly finished: Promise<void>;
}

export interface PartitionConsumerOptions {
  readonly topicDirectory: string;
  readonly partition: string;
  readonly consume: ConsumeOptions;
  readonly offsets: GroupOffsets;
  /** Bounds how many partitions hold a batch in memory at once. */
  readonly inSlot: (work: () => Promise<boolean>) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly onError: (error: EventLogError) => void;
}

const DEFAULT_MAX_BATCH_ENTRIES = 10_000;
const DEFAULT_MAX_BATCH_BYTES = 8 << 20;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;

export function startPartitionConsumer(options: PartitionConsumerOptions): PartitionConsumer {
  const { partition, consume, offsets, signal } = options;
  const limits: ReadLimits = {
    maxEntries: consume.maxBatchEntries ?? DEFAULT_MAX_BATCH_ENTRIES,
    maxBytes: consume.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES,
  };
  const changes = createSignal();
  let isFinished = false;

  async function run(): Promise<void> {
    const startAt = await untilDone(() => consume.startAt(partition), options);
    if (startAt === null) return;
    offsets.advance(partition, startAt);
    const reader = openPartitionReader({ ...options, startAt });
    try {
      while (!signal.aborted && !reader.ended()) {
        const delivered = await options.inSlot(() => deliverNext(reader));
        if (!delivered && !reader.ended()) await changes.wait();
      }
    } finally {
      await reader.close();
    }
  }

  async function deliverNext(reader: PartitionReader): Promise<boolean> {
    const entries = await untilDone(() => reader.next(limits), options);
    if (entries === null || entries.length === 0) return false;
    const done = await untilDone(() => consume.eachBatch(batchOf(entries)).then(() => true), options);
    if (done !== null) offsets.advance(partition, reader.nextOffset());
    return true;
  }

  function batchOf(entries: readonly LogEntry[]): LogBatch {
    return { topic: consume.topic, partition, entries };
  }

  async function runToEnd(): Promise<void> {
    try {
      await run();
    } catch (cause) {
      const message = `partition ${partition} is no longer consumed by ${consume.group}`;
      options.onError(new EventLogError(message, { cause }));
    } finally {
      isFinished = true;
    }
  }

  return { notify: changes.notify, isFinished: () => isFinished, finished: runToEnd() };
}

/** Tries again and again, each time after a longer pause, until it succeeds (its result) or the consumer closes (`null`). */
async function untilDone<T>(work: () => Promise<T>, options: PartitionConsumerOptions): Promise<T | null> {
  const { partition, consume, signal, onError } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await work();
    } catch (cause) {
      const retryMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 20));
      const failure = `${consume.group} failed at partition ${partition}, attempt ${attempt + 1}, next in ${retryMs} ms`;
      onError(new EventLogError(failure, { cause }));
      await pause(retryMs, signal);
    }
  }
  return null;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
