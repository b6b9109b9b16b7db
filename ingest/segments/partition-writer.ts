import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { markClosed, newPartitionName, segmentPath, syncDirectory } from "./layout.ts";

/**
 * One partition, written by one process during one run. After a rejected `write` the file may end in half a record,
 * so the only thing left to do is `abandon`: nothing is ever written behind a torn record, and no offset is used twice.
 */
export interface PartitionWriter {
  readonly partition: string;
  /** Resolves when the frames are durable. One call at a time. */
  write(frames: Buffer, count: number): Promise<void>;
  /** Marks the partition as one that will never grow. */
  close(lastTimestampMs: number): Promise<void>;
  abandon(): Promise<void>;
}

export interface PartitionWriterOptions {
  readonly topicDirectory: string;
  readonly writer: string;
  /** A segment is followed by a new one rather than grow beyond it; one write may exceed it alone. */
  readonly segmentBytes: number;
  readonly now: () => number;
}

/**
 * A segment that was not written for so long is never written again, so that retention may delete a segment of
 * a writer of which it cannot know whether it lives. Retention waits twice as long.
 */
export const IDLE_SEGMENT_MAX_MS = 6 * 60 * 60 * 1000;

/** So that no segment is written for long: what is in one cannot be erased. */
export const MAX_SEGMENT_AGE_MS = 24 * 60 * 60 * 1000;

export async function createPartitionWriter(options: PartitionWriterOptions): Promise<PartitionWriter> {
  const { topicDirectory, segmentBytes, now } = options;
  const partition = await newPartitionName(topicDirectory, options.writer, now());
  const directory = join(topicDirectory, partition);
  await mkdir(directory);
  await syncDirectory(topicDirectory);

  let segment: Segment | null = null;
  let end = 0;

  async function roll(): Promise<Segment> {
    await segment?.handle.close();
    segment = null;
    segment = await createSegment(directory, end, now());
    return segment;
  }

  return {
    partition,
    async write(frames, count) {
      const fits = segment !== null && canTake(segment, { bytes: frames.length, segmentBytes, nowMs: now() });
      const target = segment !== null && fits ? segment : await roll();
      await writeFully(target.handle, frames);
      await target.handle.datasync();
      target.bytes += frames.length;
      target.writtenMs = now();
      end += count;
    },
    async close(lastTimestampMs) {
      await segment?.handle.close();
      segment = null;
      await markClosed(directory, { end, lastTimestampMs });
    },
    async abandon() {
      const abandoned = segment;
      segment = null;
      await abandoned?.handle.close();
      // Nothing in it was ever acknowledged: a disk that stays full must not fill up with empty partitions.
      if (end === 0) await removePartition(directory);
    },
  };
}

interface Segment {
  readonly handle: FileHandle;
  readonly createdMs: number;
  bytes: number;
  writtenMs: number;
}

async function createSegment(directory: string, base: number, nowMs: number): Promise<Segment> {
  const handle = await open(segmentPath(directory, base), "ax");
  try {
    await syncDirectory(directory);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { handle, createdMs: nowMs, bytes: 0, writtenMs: nowMs };
}

function canTake(
  segment: Segment,
  { bytes, segmentBytes, nowMs }: { bytes: number; segmentBytes: number; nowMs: number },
): boolean {
  // The absolute value: after the clock was set back, the file's age is unknown too.
  const idleMs = Math.abs(nowMs - segment.writtenMs);
  const ageMs = Math.abs(nowMs - segment.createdMs);
  if (ageMs > MAX_SEGMENT_AGE_MS) return false;
  return segment.bytes + bytes <= segmentBytes && idleMs <= IDLE_SEGMENT_MAX_MS;
}

/** A nearly full disk takes a part of a write and fails the rest. */
async function writeFully(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, null);
    written += bytesWritten;
  }
}

async function removePartition(directory: string): Promise<void> {
  await rm(segmentPath(directory, 0), { force: true });
  await rmdir(directory);
}
