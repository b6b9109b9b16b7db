import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { EventLogError, type LogEntry } from "../event-log.ts";
import { type Assignment, openAssignment } from "./assignment.ts";
import type { OnLogError } from "./client.ts";

export interface ReaderOptions {
  readonly kafka: Kafka;
  readonly topicName: string;
  readonly group: string;
  /** Asked at each assignment of a partition, before its first batch. Null: where the partition begins. */
  startAt(partition: number): Promise<number | null>;
  /**
   * One batch at a time for each partition, ascending, never empty. Takes entries in order and calls `done` with the offset behind
   * them; may return early when `interrupted` is aborted: the partition may then belong to another reader. Answers after how many
   * milliseconds what is not done is to be delivered again; other partitions are read meanwhile.
   */
  deliver(batch: Delivery): Promise<number | undefined>;
  readonly onError: OnLogError;
  readonly maxWaitMs: number;
  /** As the broker sends it: compressed. */
  readonly maxBytesPerPartition: number;
  /** Of all partitions together; default 10 MiB. */
  readonly maxBytes?: number;
}

export interface Delivery {
  readonly partition: number;
  readonly entries: readonly LogEntry[];
  /** Closing, or the group is assigning its partitions anew. */
  readonly interrupted: AbortSignal;
  /** Everything before the offset is done; `commit` tells the group. */
  done(nextOffset: number, options?: { commit: boolean }): Promise<void>;
}

export interface Reader {
  /** Finishes what is in hand, then leaves the group. Idempotent. */
  close(): Promise<void>;
}

/** A member that died, or that a broken connection made anew, holds its partitions for that long. */
const SESSION_TIMEOUT_MS = 10_000;
/** How long a batch in hand may hold up a rebalance. */
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 1_000;
/** Looks more often than the library sends: a rebalance is noticed within it. */
const HEARTBEAT_CHECK_MS = 500;
const METADATA_MAX_AGE_MS = 60_000;
const RESTART_AFTER_MS = 1_000;
const DEFAULT_MAX_FETCH_BYTES = 10 << 20;
const PARTITIONS_AT_ONCE = 32;
/** The library tries this often, then it starts the consumer anew: for ever, as nobody else would. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 10 };

/** Reads the partitions that its group assigns to it, from where `startAt` says, whatever the group has committed. */
export async function openReader(options: ReaderOptions): Promise<Reader> {
  const closing = new AbortController();
  let assignment: Assignment | null = null;
  let consumer: Consumer | null = null;
  let restart: NodeJS.Timeout | undefined;
  let closed: Promise<void> | null = null;

  async function start(): Promise<void> {
    const started = options.kafka.consumer({
      groupId: options.group,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: options.maxWaitMs,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_FETCH_BYTES,
      retry: RETRY,
    });
    consumer = started;
    started.on(started.events.GROUP_JOIN, ({ payload }) => {
      assignment = openAssignment(payload.memberAssignment[options.topicName] ?? [], {
        ...options,
        closing: closing.signal,
        seek: (partition, offset) =>
          started.seek({ topic: options.topicName, partition, offset: String(offset) }),
      });
    });
    started.on(started.events.CRASH, ({ payload }) => {
      options.onError(
        new EventLogError(`the reader of ${options.topicName} broke`, { cause: payload.error }),
      );
      if (!payload.restart) restartLater();
    });
    await started.connect();
    await started.subscribe({ topic: options.topicName, fromBeginning: true });
    await started.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => takeBatch(payload),
    });
  }

  function restartLater(): void {
    if (closing.signal.aborted) return;
    restart = setTimeout(() => {
      start().catch((cause: unknown) => {
        options.onError(new EventLogError(`the reader of ${options.topicName} cannot start`, { cause }));
        restartLater();
      });
    }, RESTART_AFTER_MS);
  }

  async function takeBatch(payload: EachBatchPayload): Promise<void> {
    const mine = assignment;
    if (mine === null) return;
    const rebalancing = new AbortController();
    const interrupted = AbortSignal.any([closing.signal, rebalancing.signal]);
    const beat = keepBeating(payload, rebalancing);
    try {
      const { partition } = payload.batch;
      // A batch fetched before the seek is left alone: it comes again, from the right place.
      if (!(await mine.ready(partition, interrupted)) || payload.isStale()) return;
      const entries = entriesOf(payload, mine.nextOffset(partition));
      if (entries.length > 0) {
        const done: Delivery["done"] = (nextOffset, commit) =>
          confirm(payload, { mine, nextOffset, ...commit });
        const againInMs = await options.deliver({ partition, entries, interrupted, done });
        // Nothing behind what is done was resolved, so it is fetched again.
        if (againInMs !== undefined) setTimeout(payload.pause(), againInMs);
      } else payload.resolveOffset(payload.batch.lastOffset());
    } finally {
      beat.stop();
    }
    // What the heartbeat threw makes the library join the group again.
    if (rebalancing.signal.aborted) throw rebalancing.signal.reason;
  }

  async function close(): Promise<void> {
    clearTimeout(restart);
    closing.abort();
    await consumer?.disconnect();
  }

  try {
    await start();
  } catch (cause) {
    await close();
    throw new EventLogError(`${options.topicName} cannot be read`, { cause });
  }
  return { close: () => (closed ??= close()) };
}

/** A batch in hand may take longer than a session lasts. */
function keepBeating(payload: EachBatchPayload, rebalancing: AbortController): { stop(): void } {
  const timer = setInterval(() => {
    payload.heartbeat().catch((error: unknown) => {
      clearInterval(timer);
      rebalancing.abort(error);
    });
  }, HEARTBEAT_CHECK_MS);
  return { stop: () => clearInterval(timer) };
}

interface Confirmation {
  readonly mine: Assignment;
  readonly nextOffset: number;
  readonly commit?: boolean;
}

async function confirm(payload: EachBatchPayload, { mine, nextOffset, commit }: Confirmation): Promise<void> {
  const { topic, partition } = payload.batch;
  mine.advance(partition, nextOffset);
  payload.resolveOffset(String(nextOffset - 1));
  if (commit !== true) return;
  const offset = String(nextOffset);
  await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
}

const NO_VALUE = Buffer.alloc(0);

function entriesOf({ batch }: EachBatchPayload, nextOffset: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const { offset, key, value, timestamp } of batch.messages) {
    const at = Number(offset);
    if (at < nextOffset) continue;
    entries.push({
      offset: at,
      key: key?.toString("utf8") ?? "",
      // A record without a value has its offset, too: a reader that passed over it would not come to the end.
      value: value ?? NO_VALUE,
      timestampMs: Number(timestamp),
    });
  }
  return entries;
}
