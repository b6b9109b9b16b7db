import { open } from "node:fs/promises";
import { join } from "node:path";
import type { EventLogError, LogEntry, PartitionExtent } from "../event-log.ts";
import { FRAME_HEADER_BYTES, readFrameTimestampMs } from "./frame.ts";
import { listPartition, missingAsNull, readClosedMark, segmentPath } from "./layout.ts";
import { openPartitionReader } from "./partition-reader.ts";
import type { ReadLimits } from "./segment-cursor.ts";

export interface ScanOptions {
  readonly topicDirectory: string;
  readonly sinceMs: number;
  /** What the topic holds now: the pass ends there. */
  readonly extents: readonly PartitionExtent[];
  readonly onError: (error: EventLogError) => void;
}

const READ_LIMITS: ReadLimits = { maxEntries: 4_096, maxBytes: 4 << 20 };

/** Timestamps ascend within a partition, so a segment whose successor begins before `sinceMs` has nothing to give. */
export async function* scanTopic(options: ScanOptions): AsyncGenerator<LogEntry> {
  for (const extent of options.extents) yield* scanPartition(extent, options);
}

async function* scanPartition(extent: PartitionExtent, options: ScanOptions): AsyncGenerator<LogEntry> {
  const { topicDirectory, sinceMs, onError } = options;
  const { partition } = extent;
  const startAt = await firstOffsetSince(join(topicDirectory, partition), sinceMs);
  if (startAt === null) return;
  const reader = openPartitionReader({ topicDirectory, partition, startAt, onError });
  try {
    while (reader.nextOffset() < extent.end) {
      const entries = await reader.next(READ_LIMITS);
      if (entries.length === 0) return;
      for (const entry of entries) if (entry.timestampMs >= sinceMs && entry.offset < extent.end) yield entry;
    }
  } finally {
    await reader.close();
  }
}

async function firstOffsetSince(partitionDirectory: string, sinceMs: number): Promise<number | null> {
  const closed = await readClosedMark(partitionDirectory);
  if (closed !== null && closed.lastTimestampMs < sinceMs) return null;
  const bases = (await listPartition(partitionDirectory))?.bases ?? [];
  for (const base of bases.toReversed()) {
    const firstMs = await readFirstTimestampMs(partitionDirectory, base);
    if (firstMs !== null && firstMs < sinceMs) return base;
  }
  return bases[0] ?? null;
}

/** When a segment's first entry was appended; `null` while it has none. */
export async function readFirstTimestampMs(partitionDirectory: string, base: number): Promise<number | null> {
  const handle = await missingAsNull(open(segmentPath(partitionDirectory, base), "r"));
  if (handle === null) return null;
  try {
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(FRAME_HEADER_BYTES),
      0,
      FRAME_HEADER_BYTES,
      0,
    );
    return bytesRead < FRAME_HEADER_BYTES ? null : readFrameTimestampMs(buffer, 0);
  } finally {
    await handle.close();
  }
}
