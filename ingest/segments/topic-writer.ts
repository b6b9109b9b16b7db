import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogRecord } from "../event-log.ts";
import { EventLogError } from "../event-log.ts";
import { encodeFrames } from "./frame.ts";
import type { PartitionWriter, PartitionWriterOptions } from "./partition-writer.ts";
import { createPartitionWriter } from "./partition-writer.ts";

/** Group commit: what many callers append while the disk is busy becomes durable with one write and one sync. */
export interface TopicWriter {
  append(records: readonly LogRecord[]): Promise<void>;
  /** The partition being written, if any: retention leaves it alone. */
  partition(): string | null;
  /** Waits for what was appended before. */
  close(): Promise<void>;
}

export interface TopicWriterOptions extends PartitionWriterOptions {
  /** Shared by all topics of a log. */
  readonly pending: PendingBytes;
  readonly onError: (error: EventLogError) => void;
}

export interface PendingBytes {
  readonly limit: number;
  value: number;
}

/** Most bytes in one write: bounds how long the callers of a round wait for each other. */
const MAX_ROUND_BYTES = 4 << 20;

export function openTopicWriter(options: TopicWriterOptions): TopicWriter {
  const { pending, now } = options;
  const queue: PendingAppend[] = [];
  let partition: PartitionWriter | null = null;
  let lastTimestampMs = 0;
  let committing: Promise<void> | null = null;

  async function commitRounds(): Promise<void> {
    // Callers woken by one round append again in the same turn: waiting for its end gathers them all.
    for (await nextTurn(); queue.length > 0; await nextTurn()) await commit(takeRound(queue));
    committing = null;
  }

  async function commit(round: readonly PendingAppend[]): Promise<void> {
    const frames = joinFrames(round);
    const count = round.reduce((sum, append) => sum + append.count, 0);
    try {
      partition ??= await createPartitionWriter(options);
      await partition.write(frames, count);
      for (const append of round) append.resolve();
    } catch (cause) {
      const error = new EventLogError(`cannot write to ${options.topicDirectory}: ${messageOf(cause)}`, {
        cause,
      });
      await abandon();
      for (const append of round) append.reject(error);
    } finally {
      pending.value -= frames.length;
    }
  }

  async function abandon(): Promise<void> {
    const broken = partition;
    partition = null;
    try {
      await broken?.abandon();
    } catch (cause) {
      options.onError(new EventLogError(`cannot clean up partition ${broken?.partition}`, { cause }));
    }
  }

  function append(records: readonly LogRecord[]): Promise<void> {
    // Ascending within a partition: a scan skips segments by it.
    lastTimestampMs = Math.max(lastTimestampMs, Math.floor(now()));
    const frames = encodeFrames(records, lastTimestampMs);
    if (pending.value + frames.length > pending.limit) {
      throw new EventLogError(`${pending.value} bytes are waiting to be written, at most ${pending.limit}`);
    }
    pending.value += frames.length;
    return new Promise((resolve, reject) => {
      queue.push({ frames, count: records.length, resolve, reject });
      committing ??= commitRounds();
    });
  }

  return {
    async append(records) {
      if (records.length > 0) await append(records);
    },
    partition: () => partition?.partition ?? null,
    async close() {
      await committing;
      const last = partition;
      partition = null;
      try {
        await last?.close(lastTimestampMs);
      } catch (cause) {
        // All records are durable already; only the mark that saves readers some work is missing.
        options.onError(new EventLogError(`cannot close partition ${last?.partition}`, { cause }));
      }
    },
  };
}

interface PendingAppend {
  readonly frames: Buffer;
  readonly count: number;
  resolve(): void;
  reject(error: EventLogError): void;
}

/** Whole appends only, so that the records of one append lie in one partition. */
function takeRound(queue: PendingAppend[]): PendingAppend[] {
  let bytes = 0;
  const tooMany = queue.findIndex((append, index) => {
    bytes += append.frames.length;
    return index > 0 && bytes > MAX_ROUND_BYTES;
  });
  return queue.splice(0, tooMany === -1 ? queue.length : tooMany);
}

function joinFrames(round: readonly PendingAppend[]): Buffer {
  const [first] = round;
  if (first && round.length === 1) return first.frames;
  return Buffer.concat(round.map((append) => append.frames));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
