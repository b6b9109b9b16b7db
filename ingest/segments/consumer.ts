import { type ConsumeOptions, EventLogError, type LogConsumer, type PartitionExtent } from "../event-log.ts";
import { type GroupOffsets, openGroupOffsets } from "./group-offsets.ts";
import { listPartitions } from "./layout.ts";
import { type PartitionConsumer, startPartitionConsumer } from "./partition-consumer.ts";
import { createSlots, shareNextRun } from "./sharing.ts";
import type { TopicWatcher } from "./topic-watcher.ts";

export interface ConsumerOptions {
  readonly topicDirectory: string;
  readonly watcher: TopicWatcher;
  readonly group: ConsumerGroup;
  readonly consume: ConsumeOptions;
  readonly extents: () => Promise<PartitionExtent[]>;
  readonly onError: (error: EventLogError) => void;
}

/** What the consumers of one group in this process have in common: a partition belongs to one of them at a time. */
export interface ConsumerGroup {
  readonly offsets: GroupOffsets;
  readonly claimed: Set<string>;
}

const MAX_PARTITIONS_AT_ONCE = 16;

export async function openConsumerGroup(
  options: Parameters<typeof openGroupOffsets>[0],
): Promise<ConsumerGroup> {
  return { offsets: await openGroupOffsets(options), claimed: new Set() };
}

export async function openConsumer(options: ConsumerOptions): Promise<LogConsumer> {
  const { topicDirectory, watcher, group, consume, onError } = options;
  const mine = new Map<string, PartitionConsumer>();
  const inSlot = createSlots(MAX_PARTITIONS_AT_ONCE);
  const closing = new AbortController();
  const { signal } = closing;

  const discover = shareNextRun(async () => {
    const partitions = await listPartitions(topicDirectory);
    group.offsets.keepOnly(partitions);
    for (const partition of partitions)
      if (!signal.aborted && !group.claimed.has(partition)) claim(partition);
    for (const [partition, each] of mine) if (!partitions.includes(partition)) forget(partition, each);
  });

  function claim(partition: string): void {
    group.claimed.add(partition);
    const { offsets } = group;
    const started = startPartitionConsumer({
      topicDirectory,
      partition,
      consume,
      offsets,
      inSlot,
      signal,
      onError,
    });
    mine.set(partition, started);
  }

  /** A deleted partition; what is left of its last batch may still be under way. */
  function forget(partition: string, deleted: PartitionConsumer): void {
    deleted.notify();
    if (!deleted.isFinished()) return;
    mine.delete(partition);
    group.claimed.delete(partition);
  }

  function discoverInBackground(): void {
    discover().catch((cause: unknown) => onError(listError(cause)));
  }

  const unsubscribe = watcher.subscribe((partition) => {
    const known = partition === null ? undefined : mine.get(partition);
    known?.notify();
    if (partition === null) for (const each of mine.values()) each.notify();
    if (partition === null || !group.claimed.has(partition)) discoverInBackground();
  });

  function listError(cause: unknown): EventLogError {
    return new EventLogError(`cannot list ${topicDirectory}`, { cause });
  }

  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    unsubscribe();
    closing.abort();
    for (const each of mine.values()) each.notify();
    await Promise.all([...mine.values()].map((each) => each.finished));
    for (const partition of mine.keys()) group.claimed.delete(partition);
    await group.offsets.flush();
  }

  try {
    await discover();
  } catch (cause) {
    await close();
    throw listError(cause);
  }
  return {
    async lag() {
      const extents = await options.extents();
      return extents.reduce((sum, { partition, start, end }) => {
        return sum + Math.max(0, end - Math.max(start, group.offsets.next(partition) ?? 0));
      }, 0);
    },
    close: () => (closed ??= close()),
  };
}
