import { crc32 } from "node:zlib";
import type { LogRecord } from "../event-log.ts";
import { EventLogError, MAX_RECORD_BYTES } from "../event-log.ts";

/**
 * A record as it lies in a segment, big endian:
 *
 *     u32 bytes after the checksum | u32 CRC32 of those bytes | u48 timestamp ms | u16 key bytes | key | value
 *
 * A torn write shows as `incomplete`, everything else that cannot be right as `broken`; a run of zeros is `broken`.
 */
export type DecodedFrame =
  | {
      readonly kind: "whole";
      readonly end: number;
      readonly timestampMs: number;
      readonly key: string;
      /** A view of the decoded buffer, not a copy. */
      readonly value: Buffer;
    }
  | { readonly kind: "incomplete"; readonly frameBytes: number }
  | { readonly kind: "broken" };

export const FRAME_HEADER_BYTES = 16;
export const MAX_KEY_BYTES = 0xffff;
export const MAX_FRAME_BYTES = FRAME_HEADER_BYTES + MAX_KEY_BYTES + MAX_RECORD_BYTES;

const PREFIX_BYTES = 8;
const FIXED_BODY_BYTES = FRAME_HEADER_BYTES - PREFIX_BYTES;
const TIMESTAMP_BYTES = 6;
const KEY_LENGTH_AT = PREFIX_BYTES + TIMESTAMP_BYTES;
const LINE_FEED = 0x0a;

/** All records of one append in one buffer. Throws {@link EventLogError} for a record that the log does not take. */
export function encodeFrames(records: readonly LogRecord[], timestampMs: number): Buffer {
  let totalBytes = 0;
  for (const record of records) totalBytes += frameBytesOf(record);
  const frames = Buffer.allocUnsafe(totalBytes);
  let position = 0;
  for (const record of records) position = encodeFrame(frames, position, { record, timestampMs });
  return frames;
}

export function decodeFrame(buffer: Buffer, position: number): DecodedFrame {
  const available = buffer.length - position;
  if (available < FRAME_HEADER_BYTES) return { kind: "incomplete", frameBytes: FRAME_HEADER_BYTES };
  const bodyBytes = buffer.readUInt32BE(position);
  const frameBytes = PREFIX_BYTES + bodyBytes;
  if (bodyBytes < FIXED_BODY_BYTES || frameBytes > MAX_FRAME_BYTES) return { kind: "broken" };
  if (available < frameBytes) return { kind: "incomplete", frameBytes };
  const end = position + frameBytes;
  const keyEnd = position + FRAME_HEADER_BYTES + buffer.readUInt16BE(position + KEY_LENGTH_AT);
  const checksum = buffer.readUInt32BE(position + 4);
  if (keyEnd > end || crc32(buffer.subarray(position + PREFIX_BYTES, end)) !== checksum)
    return { kind: "broken" };
  return {
    kind: "whole",
    end,
    timestampMs: readFrameTimestampMs(buffer, position),
    key: buffer.toString("utf8", position + FRAME_HEADER_BYTES, keyEnd),
    value: buffer.subarray(keyEnd, end),
  };
}

/** Needs the frame's header only, and does not check it. */
export function readFrameTimestampMs(buffer: Buffer, position: number): number {
  return buffer.readUIntBE(position + PREFIX_BYTES, TIMESTAMP_BYTES);
}

function encodeFrame(
  frames: Buffer,
  position: number,
  frame: { readonly record: LogRecord; readonly timestampMs: number },
): number {
  const { key, value } = frame.record;
  const keyBytes = frames.write(key, position + FRAME_HEADER_BYTES, "utf8");
  const valueAt = position + FRAME_HEADER_BYTES + keyBytes;
  const end = valueAt + value.length;
  value.copy(frames, valueAt);
  frames.writeUIntBE(frame.timestampMs, position + PREFIX_BYTES, TIMESTAMP_BYTES);
  frames.writeUInt16BE(keyBytes, position + KEY_LENGTH_AT);
  frames.writeUInt32BE(end - position - PREFIX_BYTES, position);
  frames.writeUInt32BE(crc32(frames.subarray(position + PREFIX_BYTES, end)), position + 4);
  return end;
}

function frameBytesOf({ key, value }: LogRecord): number {
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > MAX_KEY_BYTES)
    throw new EventLogError(`a key has ${keyBytes} bytes, at most ${MAX_KEY_BYTES}`);
  if (value.length > MAX_RECORD_BYTES) {
    throw new EventLogError(`a record has ${value.length} bytes, at most ${MAX_RECORD_BYTES}`);
  }
  if (value.includes(LINE_FEED)) throw new EventLogError("a record's value has a line break in it");
  return FRAME_HEADER_BYTES + keyBytes + value.length;
}
