import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { PartitionExtent } from "../event-log.ts";
import { listPartition, missingAsNull, readClosedMark, segmentPath } from "./layout.ts";
import { IDLE_SEGMENT_MAX_MS } from "./partition-writer.ts";
import { readFirstTimestampMs } from "./scan.ts";

/** A segment as retention sees it: its entries are those with `base <= offset < end`. */
export interface KeptSegment {
  readonly partition: string;
  readonly base: number;
  readonly end: number;
  readonly bytes: number;
  /** No entry in it is younger. */
  readonly newestMs: number;
  /** Nothing will be appended to it any more. */
  readonly complete: boolean;
}

export interface KeptSegmentsOptions {
  readonly topicDirectory: string;
  readonly extents: readonly PartitionExtent[];
  readonly nowMs: number;
  readonly inUse: ReadonlySet<string>;
}

/** Ascending within a partition. */
export async function listKeptSegments(options: KeptSegmentsOptions): Promise<KeptSegment[]> {
  const segments: KeptSegment[] = [];
  for (const { partition, end } of options.extents) {
    const bases = (await listPartition(join(options.topicDirectory, partition)))?.bases ?? [];
    for (const [index, base] of bases.entries()) {
      const successor = bases[index + 1];
      const segment = { partition, base, successor, end: successor ?? end };
      const kept = await describeSegment(segment, options);
      if (kept !== null) segments.push(kept);
    }
  }
  return segments;
}

async function describeSegment(
  segment: { partition: string; base: number; successor: number | undefined; end: number },
  { topicDirectory, nowMs, inUse }: KeptSegmentsOptions,
): Promise<KeptSegment | null> {
  const { partition, base, successor, end } = segment;
  const directory = join(topicDirectory, partition);
  const file = await missingAsNull(stat(segmentPath(directory, base)));
  if (file === null) return null;
  const described = { partition, base, end, bytes: file.size };
  if (successor !== undefined) {
    const newestMs = (await readFirstTimestampMs(directory, successor)) ?? file.mtimeMs;
    return { ...described, newestMs, complete: true };
  }
  const closed = await readClosedMark(directory);
  if (closed !== null) return { ...described, newestMs: closed.lastTimestampMs, complete: true };
  // Its writer may have died, or just have nothing to write: it does not come back to a segment that is so old.
  const complete = !inUse.has(partition) && nowMs - file.mtimeMs > 2 * IDLE_SEGMENT_MAX_MS;
  return { ...described, newestMs: file.mtimeMs, complete };
}
