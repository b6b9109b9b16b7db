import type { Admin } from "kafkajs";
import { type ConsumeOptions, EventLogError, type LogConsumer, type LogEntry } from "../event-log.ts";
import type { KafkaSettings } from "./kafka-url.ts";
import { committedOffsets, offsetRanges } from "./offsets.ts";
import { type Delivery, openReader, type ReaderOptions } from "./reader.ts";
import type { TopicNames } from "./topics.ts";

const DEFAULT_MAX_BATCH_ENTRIES = 10_000;
const DEFAULT_MAX_BATCH_BYTES = 8 << 20;
const FETCH_WAIT_MS = 250;
/** How much smaller compressed events are, about. */
const GZIP_RATIO = 8;
/** Partitions that may send a full batch in one answer: everything in it is in memory at once. */
const FULL_BATCHES_IN_FETCH = 2;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

export interface GroupConsumerOptions
  extends Pick<ReaderOptions, "kafka" | "topicName" | "group" | "onError"> {
  readonly admin: Admin;
  readonly names: TopicNames;
  /** What the topic's records come in. */
  readonly compression: KafkaSettings["compression"];
  readonly consume: ConsumeOptions;
}

/** A member of a consumer group: partitions come and go with the other members, and each starts where its target says. */
export async function openGroupConsumer(options: GroupConsumerOptions): Promise<LogConsumer> {
  const { admin, topicName, group, consume, names } = options;
  const doneUpTo = new Map<number, number>();
  /** How long each partition waits after its next failure. */
  const retryMs = new Map<number, number>();

  async function startAt(partition: number): Promise<number> {
    doneUpTo.delete(partition);
    const offset = await consume.startAt(names.partitionOf(consume.topic, partition));
    const range = (await offsetRanges(admin, topicName)).find((one) => one.partition === partition);
    const start = within(range ?? { start: 0, end: offset }, { offset, partition, options });
    doneUpTo.set(partition, start);
    return start;
  }

  async function deliver({ partition, entries, interrupted, done }: Delivery): Promise<number | undefined> {
    const name = names.partitionOf(consume.topic, partition);
    for (let at = 0; at < entries.length && !interrupted.aborted; ) {
      const chunk = nextChunk(entries, at, consume);
      try {
        await consume.eachBatch({ topic: consume.topic, partition: name, entries: chunk });
      } catch (cause) {
        options.onError(new EventLogError(`${name}: a batch is delivered again`, { cause }));
        const waitMs = retryMs.get(partition) ?? FIRST_RETRY_MS;
        retryMs.set(partition, Math.min(LAST_RETRY_MS, waitMs * 2));
        return waitMs;
      }
      at += chunk.length;
      retryMs.delete(partition);
      const nextOffset = (chunk.at(-1)?.offset ?? -1) + 1;
      doneUpTo.set(partition, nextOffset);
      await done(nextOffset, { commit: true });
    }
    return undefined;
  }

  const reader = await openReader({
    ...options,
    startAt,
    deliver,
    maxWaitMs: FETCH_WAIT_MS,
    ...fetchLimits(options),
  });
  return {
    async lag() {
      const [ranges, committed] = await Promise.all([
        offsetRanges(admin, topicName),
        committedOffsets(admin, topicName, group),
      ]);
      return ranges.reduce((sum, { partition, start, end }) => {
        const done = Math.max(start, doneUpTo.get(partition) ?? 0, committed.get(partition) ?? 0);
        return sum + Math.max(0, end - done);
      }, 0);
    },
    close: () => reader.close(),
  };
}

/** A broker counts bytes as they are stored, so that a full answer of compressed records would be many batches of them. */
function fetchLimits({ consume, compression }: GroupConsumerOptions) {
  const batchBytes = consume.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES;
  const maxBytesPerPartition = Math.ceil(batchBytes / (compression === "gzip" ? GZIP_RATIO : 1));
  return { maxBytesPerPartition, maxBytes: FULL_BATCHES_IN_FETCH * maxBytesPerPartition };
}

/** Retention may have removed what was never read: that is told, and cannot be mended. An offset beyond the end is another topic's. */
function within(
  { start, end }: { start: number; end: number },
  { offset, partition, options }: { offset: number; partition: number; options: GroupConsumerOptions },
): number {
  const where = `${options.topicName}/${partition}`;
  if (offset > end) {
    throw new EventLogError(
      `${where} ends at ${end}, but its reader has come to ${offset}: the topic was made anew, or has lost records`,
    );
  }
  // A reader that never read, of a topic that is older than it, has missed nothing that was its own.
  if (offset < start && offset > 0)
    options.onError(
      new EventLogError(`${where}: ${start - offset} records were removed before they were read`),
    );
  return Math.max(start, offset);
}

function nextChunk(entries: readonly LogEntry[], from: number, consume: ConsumeOptions): LogEntry[] {
  const maxEntries = consume.maxBatchEntries ?? DEFAULT_MAX_BATCH_ENTRIES;
  const maxBytes = consume.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES;
  const chunk: LogEntry[] = [];
  let bytes = 0;
  for (let at = from; at < entries.length && chunk.length < maxEntries; at += 1) {
    const entry = entries[at];
    if (entry === undefined) break;
    bytes += entry.value.length;
    if (chunk.length > 0 && bytes > maxBytes) break;
    chunk.push(entry);
  }
  return chunk;
}
