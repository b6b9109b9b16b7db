import {
  EventLogError,
  type LogConsumer,
  type PartitionExtent,
  type RecordLog,
  TOPICS,
  type Topic,
} from "../event-log.ts";
import { openBacklog } from "./backlog.ts";

export interface SpooledEventLogOptions {
  /** Of this process alone, on its own disk. */
  readonly spool: RecordLog;
  /** What all processes share. */
  readonly target: RecordLog;
  /** How far an earlier run has drained each partition of the spool. */
  readonly drainedTo: (topic: Topic) => Promise<ReadonlyMap<string, number>>;
  /** Records that may wait in the spool; above it appends are refused, and the gateway takes no more requests. */
  readonly maxBacklog?: number;
  /** How long a scan waits for what was appended to be drained first, and a stop (the next start drains the rest). Default 5 s. */
  readonly drainWaitMs?: number;
}

export interface SpooledEventLog extends RecordLog {
  /** What this process has appended to the topic, for each of its runs that the spool still holds something of: `end` counts it. */
  appended(topic: Topic): Promise<PartitionExtent[]>;
  /** True when the target has everything that was appended before, false when that takes longer than `drainWaitMs`. */
  whenDrained(): Promise<boolean>;
}

/** About 3 GiB of request events: hours of a broker's absence. */
const MAX_BACKLOG = 5_000_000;
const DRAIN_GROUP = "drain";
const MAX_DRAIN_ENTRIES = 5_000;
const MAX_DRAIN_BYTES = 4 << 20;
const DRAIN_WAIT_MS = 5_000;

/**
 * An append is acknowledged when it is on this process's disk; from there it is drained in order into the target, for which all
 * reading goes to. A record comes into the target at least once: after a crash, the last ones may come again.
 */
export async function openSpooledEventLog(options: SpooledEventLogOptions): Promise<SpooledEventLog> {
  const { spool, target, drainedTo } = options;
  const maxBacklog = options.maxBacklog ?? MAX_BACKLOG;
  const drainWaitMs = options.drainWaitMs ?? DRAIN_WAIT_MS;
  const backlog = openBacklog();
  const drains: LogConsumer[] = [];
  let closing: Promise<void> | null = null;

  async function drain(topic: Topic): Promise<void> {
    const drained = await drainedTo(topic);
    const before = await spool.extents(topic);
    const left = before.map(
      ({ partition, start, end }) => end - Math.max(start, drained.get(partition) ?? 0),
    );
    backlog.added(left.reduce((sum, count) => sum + Math.max(0, count), 0));
    const consumer = await spool.consume({
      topic,
      group: DRAIN_GROUP,
      maxBatchEntries: MAX_DRAIN_ENTRIES,
      maxBatchBytes: MAX_DRAIN_BYTES,
      startAt: async (partition) => drained.get(partition) ?? 0,
      async eachBatch({ entries }) {
        await target.append(topic, entries);
        backlog.drained(entries.length);
      },
    });
    drains.push(consumer);
  }

  async function closeAll(): Promise<void> {
    await backlog.whenDrained(drainWaitMs);
    await Promise.all(drains.map((consumer) => consumer.close()));
    await spool.close();
    await target.close();
  }

  async function* scan(topic: Topic, sinceMs: number): ReturnType<RecordLog["scan"]> {
    const complete = await backlog.whenDrained(drainWaitMs);
    // Some of it may be in the target, too: better twice than not at all.
    if (!complete) yield* spool.scan(topic, sinceMs);
    yield* target.scan(topic, sinceMs);
  }

  for (const topic of TOPICS) await drain(topic);
  return {
    async append(topic, records) {
      if (closing !== null) throw new EventLogError("the event log is closed");
      if (backlog.size() + records.length > maxBacklog)
        throw new EventLogError(`${backlog.size()} records wait in the spool, at most ${maxBacklog}`);
      // Counted before it is there: it may be drained before this append resolves.
      backlog.added(records.length);
      try {
        await spool.append(topic, records);
      } catch (error) {
        backlog.drained(records.length);
        throw error;
      }
    },
    follow: (topic, onEntry) => target.follow(topic, onEntry),
    consume: (consume) => target.consume(consume),
    scan,
    extents: (topic) => target.extents(topic),
    completeSinceMs: (topic) => target.completeSinceMs(topic),
    lag: (topic, group) => target.lag(topic, group),
    appended: (topic) => spool.extents(topic),
    whenDrained: () => backlog.whenDrained(drainWaitMs),
    pendingBytes: () => spool.pendingBytes(),
    close: () => (closing ??= closeAll()),
  };
}
