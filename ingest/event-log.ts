import type { EventOf } from "./decode-record.ts";

/**
 * The event log: where every event is written before anything else happens with it, and where every
 * process learns what the others did. Embedded segment files or Kafka, chosen in `wiring.ts`.
 *
 * Guarantees of every adapter (`test/contract/event-log.contract.ts`):
 * - an append that resolved survives `kill -9` of every process and a power cut; one that rejected may or may not be there;
 * - records of one `append` with one key stay in order and in one partition;
 * - offsets of a partition start at 0 and grow by one a record (embedded) or at least by one (Kafka);
 * - a consumer sees each record at least once, in order within its partition, and never a half-written one.
 */

export const TOPICS = [
  "requests",
  "feedback",
  "users",
  "keys",
  "costs",
  "directives",
  "actions",
  "dead-letters",
] as const;
export type Topic = (typeof TOPICS)[number];

export interface LogRecord {
  /** Orders records: those with equal keys written by one process are read in that order. */
  readonly key: string;
  /** One JSON document, UTF-8, without a line break: it goes into the warehouse as it is. At most {@link MAX_RECORD_BYTES}. */
  readonly value: Buffer;
}

export const MAX_RECORD_BYTES = 1 << 20;

export interface LogEntry extends LogRecord {
  readonly offset: number;
  /** When it was appended, milliseconds since the epoch, by the writer's clock. */
  readonly timestampMs: number;
}

/** Entries of one partition, ascending by offset, never empty. */
export interface LogBatch {
  readonly topic: Topic;
  readonly partition: string;
  readonly entries: readonly LogEntry[];
}

export interface ConsumeOptions {
  readonly topic: Topic;
  /** Consumers of one group share the partitions; the group's name also keeps old segments from being deleted. */
  readonly group: string;
  /**
   * Called once for each partition that this consumer gets, before its first batch: the offset to read first.
   * The truth about how far a consumer has come lies with the consumer's target (the warehouse), not with the log.
   */
  startAt(partition: string): Promise<number>;
  /**
   * Called with one batch at a time for each partition. When it resolves, the batch is done and the group's offset moves on;
   * when it rejects, the same entries are delivered again after a back-off (possibly in other batches).
   */
  eachBatch(batch: LogBatch): Promise<void>;
  /** Most entries and bytes in a batch; defaults 10,000 and 8 MiB. */
  readonly maxBatchEntries?: number;
  readonly maxBatchBytes?: number;
}

export interface LogConsumer {
  /** Entries written but not yet done, all partitions. */
  lag(): Promise<number>;
  /** Finishes the batch in hand, then stops. Idempotent. */
  close(): Promise<void>;
}

export interface Follower {
  /** Resolves when everything that was in the topic at the time of the call has been handed over. Concurrent calls share one read. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

/** What a partition holds: entries with `start <= offset < end`. */
export interface PartitionExtent {
  readonly partition: string;
  readonly start: number;
  readonly end: number;
}

/** How far a consumer group has come in one partition. */
export interface PartitionLag {
  readonly partition: string;
  /** Behind the last entry (Kafka's high-water mark). */
  readonly end: number;
  /** What the group has written down as done, which may be behind what is done by a moment; the partition's start when it is nothing. */
  readonly committed: number;
  /** Entries written, but not yet done. */
  readonly lag: number;
}

/** Appends, and says what is there. */
export interface LogWriter {
  /** Resolves when all records are durable. Rejects with {@link EventLogError}; the caller decides whether to try again. */
  append(topic: Topic, records: readonly LogRecord[]): Promise<void>;
  extents(topic: Topic): Promise<PartitionExtent[]>;
  /**
   * Everything that was ever appended at or after this moment is still there, milliseconds; 0: everything is. What retention has taken
   * away is older. Where that cannot be told exactly it is a later moment, never an earlier one.
   */
  completeSinceMs(topic: Topic): Promise<number>;
  /** Of a group of consumers in any process; one that never consumed has done nothing. */
  lag(topic: Topic, group: string): Promise<PartitionLag[]>;
  /** Bytes waiting to become durable; the gateway sheds load above a limit. */
  pendingBytes(): number;
  /** Flushes and closes; appends after it reject. Idempotent. */
  close(): Promise<void>;
}

/** The log as its adapters implement it: records are bytes, and may be anything. Only `ingest` reads them so. */
export interface RecordLog extends LogWriter {
  /**
   * Reads a whole topic from its beginning and then follows it.
   * Resolves when all that was there at the start has been handed over. `onEntry` is synchronous and must not throw.
   * New entries arrive within 100 ms.
   */
  follow(topic: Topic, onEntry: (entry: LogEntry) => void): Promise<Follower>;
  consume(options: ConsumeOptions): Promise<LogConsumer>;
  /** One pass over what a topic holds now whose timestamp is at or after `sinceMs`; whole old segments are skipped. */
  scan(topic: Topic, sinceMs: number): AsyncIterable<LogEntry>;
}

/**
 * The log as everybody else has it (`readEvents`): readers get decoded events only. A record that is not what its topic
 * carries is reported and left out, so that it stops no process and no reader.
 */
export interface EventLog extends LogWriter {
  /** Like {@link RecordLog.follow}: how processes learn users, keys and directives. An event that `onEvent` throws at is reported, too. */
  follow<T extends Topic>(topic: T, onEvent: (event: EventOf<T>) => void): Promise<Follower>;
  scan<T extends Topic>(topic: T, sinceMs: number): AsyncIterable<EventOf<T>>;
}

/** The log cannot take or give records; `cause` says why (disk full, broker gone, closed). */
export class EventLogError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "EventLogError";
  }
}
