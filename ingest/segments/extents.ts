import { join } from "node:path";
import type { EventLogError, PartitionExtent } from "../event-log.ts";
import { listPartition, listPartitions, measureEnd, type PartitionFiles, readClosedMark } from "./layout.ts";
import { openPartitionReader, type PartitionReader } from "./partition-reader.ts";
import type { ReadLimits } from "./segment-cursor.ts";
import { shareNextRun } from "./sharing.ts";

/** What a topic's partitions hold. Cheap to ask often: of a growing partition only what is new in its last segment is read. */
export interface TopicExtents {
  read(): Promise<PartitionExtent[]>;
  close(): Promise<void>;
}

export interface TopicExtentsOptions {
  readonly topicDirectory: string;
  readonly onError: (error: EventLogError) => void;
}

const READ_LIMITS: ReadLimits = { maxEntries: 16_384, maxBytes: 1 << 20 };

export function openTopicExtents({ topicDirectory, onError }: TopicExtentsOptions): TopicExtents {
  const finalEnds = new Map<string, number>();
  const readers = new Map<string, PartitionReader>();

  let closed = false;

  const read = shareNextRun(async () => {
    if (closed) return [];
    const partitions = await listPartitions(topicDirectory);
    await forgetAllBut(new Set(partitions));
    const extents: PartitionExtent[] = [];
    for (const partition of partitions) {
      const files = await listPartition(join(topicDirectory, partition));
      const start = files?.bases[0];
      if (files !== null && start !== undefined) {
        extents.push({ partition, start, end: await endOf(partition, files) });
      }
    }
    return extents;
  });

  async function endOf(partition: string, files: PartitionFiles): Promise<number> {
    const directory = join(topicDirectory, partition);
    const mark = files.closed ? await readMarkOnce(partition) : null;
    if (mark !== null) return mark;
    const reader = await readerFor(partition, files.bases.at(-1) ?? 0);
    const end = await measureEnd(directory);
    while (end !== null && !reader.hasReached(end) && (await reader.next(READ_LIMITS)).length > 0);
    return reader.nextOffset();
  }

  async function readMarkOnce(partition: string): Promise<number | null> {
    const known = finalEnds.get(partition);
    if (known !== undefined) return known;
    const mark = await readClosedMark(join(topicDirectory, partition));
    if (mark !== null) finalEnds.set(partition, mark.end);
    return mark?.end ?? null;
  }

  /** Earlier segments need no counting: the last one's name says how many entries they have. */
  async function readerFor(partition: string, lastBase: number): Promise<PartitionReader> {
    const known = readers.get(partition);
    if (known && known.nextOffset() >= lastBase) return known;
    await known?.close();
    const reader = openPartitionReader({ topicDirectory, partition, startAt: lastBase, onError });
    readers.set(partition, reader);
    return reader;
  }

  async function forgetAllBut(partitions: ReadonlySet<string>): Promise<void> {
    for (const partition of finalEnds.keys()) if (!partitions.has(partition)) finalEnds.delete(partition);
    for (const [partition, reader] of readers) {
      if (partitions.has(partition) && !finalEnds.has(partition)) continue;
      readers.delete(partition);
      await reader.close();
    }
  }

  return {
    read,
    async close() {
      closed = true;
      // A reader in use by a running read would be closed under it.
      await read();
      await forgetAllBut(new Set());
    },
  };
}
