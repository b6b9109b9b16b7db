import { join } from "node:path";
import type { Follower, LogEntry } from "../event-log.ts";
import { EventLogError } from "../event-log.ts";
import { listPartitions, measureEnd } from "./layout.ts";
import { openPartitionReader, type PartitionReader } from "./partition-reader.ts";
import type { ReadLimits } from "./segment-cursor.ts";
import { shareNextRun } from "./sharing.ts";
import type { TopicWatcher } from "./topic-watcher.ts";

export interface FollowerOptions {
  readonly topicDirectory: string;
  readonly watcher: TopicWatcher;
  readonly onEntry: (entry: LogEntry) => void;
  readonly onError: (error: EventLogError) => void;
}

const READ_LIMITS: ReadLimits = { maxEntries: 4_096, maxBytes: 1 << 20 };

/**
 * Reads partition after partition, in the order in which they were started. Whenever a new one appears all earlier ones
 * are read first, so what one writer wrote arrives in its order even if it has changed to a new partition.
 */
export async function openFollower(options: FollowerOptions): Promise<Follower> {
  const { topicDirectory, watcher, onEntry, onError } = options;
  const readers = new Map<string, PartitionReader>();
  const ended = new Set<string>();
  const changed = new Set<string>();
  let everything = true;
  let closed = false;

  const readChanges = shareNextRun(async () => {
    refuseWhenClosed();
    const known = [...changed].every((partition) => readers.has(partition) || ended.has(partition));
    const readAll = everything || !known;
    const partitions = readAll ? await listPartitions(topicDirectory) : [...readers.keys()];
    const wanted = readAll ? partitions : partitions.filter((partition) => changed.has(partition));
    everything = false;
    changed.clear();
    try {
      for (const partition of wanted) if (!ended.has(partition)) await drain(readerOf(partition));
    } catch (cause) {
      everything = true;
      throw new EventLogError(`cannot read ${topicDirectory}`, { cause });
    }
    refuseWhenClosed();
  });

  function refuseWhenClosed(): void {
    if (closed) throw new EventLogError("the follower is closed");
  }

  function readerOf(partition: string): PartitionReader {
    const known = readers.get(partition);
    if (known) return known;
    const reader = openPartitionReader({ topicDirectory, partition, startAt: 0, onError });
    readers.set(partition, reader);
    return reader;
  }

  /** Up to its present end only: a partition that grows all the time must not keep the others waiting. */
  async function drain(reader: PartitionReader): Promise<void> {
    const end = await measureEnd(join(topicDirectory, reader.partition));
    while (!closed && (end === null || end.closed || !reader.hasReached(end))) {
      const entries = await reader.next(READ_LIMITS);
      if (entries.length === 0) break;
      for (const entry of entries) onEntry(entry);
    }
    if (!reader.ended()) return;
    ended.add(reader.partition);
    readers.delete(reader.partition);
    await reader.close();
  }

  const unsubscribe = watcher.subscribe((partition) => {
    if (partition === null) everything = true;
    else changed.add(partition);
    readChanges().catch(reportUnlessClosed);
  });

  function reportUnlessClosed(error: unknown): void {
    if (!closed && error instanceof EventLogError) onError(error);
  }

  async function catchUp(): Promise<void> {
    everything = true;
    await readChanges();
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    unsubscribe();
    // Waits for a running pass; the one after it rejects at once.
    await readChanges().catch(reportUnlessClosed);
    for (const reader of readers.values()) await reader.close();
  }

  try {
    await catchUp();
  } catch (error) {
    await close();
    throw error;
  }
  return { catchUp, close };
}
