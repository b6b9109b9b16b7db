import { type FileHandle, open } from "node:fs/promises";
import type { LogEntry } from "../event-log.ts";
import { decodeFrame, MAX_FRAME_BYTES } from "./frame.ts";
import { missingAsNull, segmentPath } from "./layout.ts";

export interface ReadLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Reads one segment from its beginning, while it may still be growing. One call at a time. */
export interface SegmentCursor {
  readonly base: number;
  /** The next whole entries; none when the file has no more of them now. */
  read(limits: ReadLimits): Promise<LogEntry[]>;
  /** The offset of the next entry. */
  nextOffset(): number;
  /** Bytes of the whole entries read so far. */
  position(): number;
  /** After a `read` without entries: what stands behind the last whole entry. */
  tail(): SegmentTail;
  close(): Promise<void>;
}

/** `incomplete`: half a record, being written or torn. `broken`: bytes that were never a record's beginning. */
export type SegmentTail = "nothing" | "incomplete" | "broken";

const MIN_CHUNK_BYTES = 64 << 10;
/** A guess: a chunk is read for as many entries as are wanted. */
const TYPICAL_FRAME_BYTES = 1 << 10;
/** What is read but not yet wanted is kept for the next call up to this size. */
const MAX_KEPT_BYTES = 1 << 20;

export async function openSegmentCursor(
  partitionDirectory: string,
  base: number,
): Promise<SegmentCursor | null> {
  const handle = await missingAsNull(open(segmentPath(partitionDirectory, base), "r"));
  return handle === null ? null : createCursor(handle, base);
}

function createCursor(handle: FileHandle, base: number): SegmentCursor {
  let nextOffset = base;
  let position = 0;
  let kept: Buffer | null = null;
  let tail: SegmentTail = "nothing";

  /** Decodes what it can of `chunk`, whose first byte stands at `position` of the file. */
  function take(chunk: Buffer, limits: ReadLimits): LogEntry[] {
    const entries: LogEntry[] = [];
    let at = 0;
    while (entries.length < limits.maxEntries && (entries.length === 0 || at < limits.maxBytes)) {
      if (at === chunk.length) {
        tail = "nothing";
        break;
      }
      const frame = decodeFrame(chunk, at);
      if (frame.kind !== "whole") {
        tail = frame.kind;
        break;
      }
      const { timestampMs, key, value } = frame;
      entries.push({ offset: nextOffset, timestampMs, key, value });
      nextOffset += 1;
      at = frame.end;
    }
    position += at;
    const rest = chunk.length - at;
    kept = entries.length > 0 && rest > 0 && rest <= MAX_KEPT_BYTES ? chunk.subarray(at) : null;
    return entries;
  }

  return {
    base,
    async read(limits) {
      const entries = kept === null ? [] : take(kept, limits);
      if (entries.length > 0) return entries;
      // Bytes behind the last whole entry are read anew: they may have been seen while they were being written.
      const chunk = await readChunk(handle, position, chunkBytesFor(limits));
      const fresh = take(chunk, limits);
      if (fresh.length > 0 || tail !== "incomplete" || chunk.length >= MAX_FRAME_BYTES) return fresh;
      return take(await readChunk(handle, position, MAX_FRAME_BYTES), limits);
    },
    nextOffset: () => nextOffset,
    position: () => position,
    tail: () => tail,
    close: () => handle.close(),
  };
}

function chunkBytesFor({ maxEntries, maxBytes }: ReadLimits): number {
  return Math.max(MIN_CHUNK_BYTES, Math.min(maxBytes, maxEntries * TYPICAL_FRAME_BYTES));
}

async function readChunk(handle: FileHandle, position: number, maxBytes: number): Promise<Buffer> {
  const { size } = await handle.stat();
  const wanted = Math.min(maxBytes, size - position);
  if (wanted <= 0) return Buffer.alloc(0);
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, position);
  return buffer.subarray(0, bytesRead);
}
