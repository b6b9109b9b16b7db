import { join } from "node:path";
import type { LogEntry } from "../event-log.ts";
import { EventLogError } from "../event-log.ts";
import { listPartition, type PartitionEnd, readClosedMark } from "./layout.ts";
import { openSegmentCursor, type ReadLimits, type SegmentCursor } from "./segment-cursor.ts";

/**
 * Reads a partition across its segments. One call at a time; a call that rejects may be tried again.
 *
 * The last segment may end in half a record: that is waited for. A segment that has a successor was whole and durable
 * before the successor was made, so an unreadable record in it is damage: it is reported, and reading goes on there.
 */
export interface PartitionReader {
  readonly partition: string;
  /** The next entries, out of one segment; none when there are no more now. */
  next(limits: ReadLimits): Promise<LogEntry[]>;
  nextOffset(): number;
  /** Whether all has been read up to a place found by `measureEnd`. */
  hasReached(end: PartitionEnd): boolean;
  /** Nothing will ever follow: the partition was closed and read to its end, or deleted. */
  ended(): boolean;
  close(): Promise<void>;
}

export interface PartitionReaderOptions {
  readonly topicDirectory: string;
  readonly partition: string;
  /** The first offset wanted; entries that are no longer there are passed over. */
  readonly startAt: number;
  readonly onError: (error: EventLogError) => void;
}

/** So long a record at the very end may be unreadable before it is reported: it is not just being written then. */
const BROKEN_TAIL_PATIENCE_MS = 5_000;

export function openPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { partition, onError } = options;
  const directory = join(options.topicDirectory, partition);
  let cursor: SegmentCursor | null = null;
  let nextOffset = options.startAt;
  let ended = false;
  let completed: SegmentCursor | null = null;
  let brokenTail: { at: number; sinceMs: number; reported: boolean } | null = null;

  async function openAt(base: number): Promise<void> {
    const next = await openSegmentCursor(directory, base);
    await cursor?.close();
    cursor = next;
    brokenTail = null;
  }

  /** The segment in which `nextOffset` lies; the first one if retention has deleted that. */
  async function openFirst(): Promise<boolean> {
    const files = await listPartition(directory);
    const base = files?.bases.findLast((candidate) => candidate <= nextOffset) ?? files?.bases[0];
    if (base === undefined) {
      ended = files === null || files.closed;
      return false;
    }
    await openAt(base);
    return cursor !== null;
  }

  /** Called when the current segment gives no more: whether it is worth reading on. */
  async function moveOn(current: SegmentCursor): Promise<boolean> {
    const files = await listPartition(directory);
    const successor = files?.bases.find((base) => base > current.base);
    if (successor !== undefined && successor === current.nextOffset()) {
      await openAt(successor);
      return true;
    }
    const complete = successor !== undefined || files === null || files.closed;
    if (complete && completed !== current) {
      // It may have grown between the last read and the sign that it will not grow: read once more.
      completed = current;
      return true;
    }
    if (successor !== undefined) {
      // Without the current one its successors were deleted by retention, not lost.
      if (files?.bases.includes(current.base)) reportDamage(current, successor);
      await openAt(successor);
      nextOffset = Math.max(nextOffset, successor);
      return true;
    }
    if (complete) await endAt(current);
    else noticeBrokenTail(current);
    return false;
  }

  async function endAt(current: SegmentCursor): Promise<void> {
    const end = (await readClosedMark(directory))?.end ?? 0;
    if (end > current.nextOffset()) reportDamage(current, end);
    nextOffset = Math.max(nextOffset, end);
    ended = true;
  }

  function reportDamage(current: SegmentCursor, end: number): void {
    const lost = `entries ${current.nextOffset()} to ${end - 1} of segment ${current.base}`;
    onError(
      new EventLogError(`partition ${partition} is damaged: ${lost} cannot be read; going on at ${end}`),
    );
  }

  function noticeBrokenTail(current: SegmentCursor): void {
    if (current.tail() !== "broken") return;
    const nowMs = performance.now();
    const at = current.position();
    if (brokenTail?.at !== at) brokenTail = { at, sinceMs: nowMs, reported: false };
    if (brokenTail.reported || nowMs - brokenTail.sinceMs < BROKEN_TAIL_PATIENCE_MS) return;
    brokenTail.reported = true;
    onError(
      new EventLogError(
        `partition ${partition} cannot be read from entry ${current.nextOffset()} to its present end`,
      ),
    );
  }

  return {
    partition,
    async next(limits) {
      while (!ended && (cursor !== null || (await openFirst()))) {
        if (cursor === null) break;
        const entries = await cursor.read(limits);
        const wanted = nextOffset;
        const fresh =
          entries[0]?.offset === wanted ? entries : entries.filter(({ offset }) => offset >= wanted);
        nextOffset = Math.max(nextOffset, cursor.nextOffset());
        if (fresh.length > 0) return fresh;
        if (entries.length === 0 && !(await moveOn(cursor))) break;
      }
      return [];
    },
    nextOffset: () => nextOffset,
    hasReached: (end) =>
      cursor !== null &&
      (cursor.base > end.base || (cursor.base === end.base && cursor.position() >= end.bytes)),
    ended: () => ended,
    async close() {
      await cursor?.close();
      cursor = null;
    },
  };
}
