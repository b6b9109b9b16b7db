import fc from "fast-check";
import { expect, test } from "vitest";
import { EventLogError, type LogRecord, MAX_RECORD_BYTES } from "../../ingest/event-log.ts";
import { decodeFrame, encodeFrames, MAX_KEY_BYTES } from "../../ingest/segments/frame.ts";

const records: fc.Arbitrary<LogRecord[]> = fc.array(
  fc.record({
    key: fc.string({ unit: "grapheme", maxLength: 40 }),
    value: fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 0 : byte)))),
  }),
  { minLength: 1, maxLength: 8 },
);
const timestampMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test("what was encoded is decoded, record by record", () => {
  fc.assert(
    fc.property(records, timestampMs, (written, at) => {
      const read = decodeAll(encodeFrames(written, at));
      expect(read).toEqual(written.map((record) => ({ ...record, timestampMs: at })));
    }),
  );
});

test("a buffer cut anywhere gives only whole records and then asks for more", () => {
  fc.assert(
    fc.property(records, fc.nat(), (written, cut) => {
      const whole = encodeFrames(written, 1);
      const torn = whole.subarray(0, cut % whole.length);
      const read = decodeAll(torn);
      expect(read).toEqual(decodeAll(whole).slice(0, read.length));
      expect(read.length).toBeLessThan(written.length);
      expect(decodeFrame(torn, bytesOf(written.slice(0, read.length))).kind).toBe("incomplete");
    }),
  );
});

test("a record with any bit flipped is never read as a record", () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat({ max: 7 }), ([record], at, bit) => {
      const frame = encodeFrames(record ? [record] : [], 1_764_000_000_000);
      const index = at % frame.length;
      frame.writeUInt8(frame.readUInt8(index) ^ (1 << bit), index);
      expect(decodeFrame(Buffer.concat([frame, Buffer.alloc(2_000)]), 0).kind).not.toBe("whole");
    }),
    { numRuns: 1_000 },
  );
});

test("a run of zeros, as a power cut leaves it, is not a record", () => {
  expect(decodeFrame(Buffer.alloc(4_096), 0).kind).toBe("broken");
});

test("keys and values up to their limits are taken, larger ones are refused", () => {
  const largest = { key: "k".repeat(MAX_KEY_BYTES), value: Buffer.alloc(MAX_RECORD_BYTES, "v") };
  const [read] = decodeAll(encodeFrames([largest], 1));
  expect(read?.key === largest.key && read.value.equals(largest.value)).toBe(true);
  expect(() => encodeFrames([{ ...largest, key: `${largest.key}k` }], 1)).toThrow(EventLogError);
  expect(() => encodeFrames([{ ...largest, value: Buffer.alloc(MAX_RECORD_BYTES + 1) }], 1)).toThrow(
    EventLogError,
  );
});

function decodeAll(buffer: Buffer) {
  const read: (LogRecord & { timestampMs: number })[] = [];
  for (let at = 0; at < buffer.length; ) {
    const frame = decodeFrame(buffer, at);
    if (frame.kind !== "whole") break;
    read.push({ key: frame.key, value: Buffer.from(frame.value), timestampMs: frame.timestampMs });
    at = frame.end;
  }
  return read;
}

function bytesOf(written: readonly LogRecord[]): number {
  return written.length === 0 ? 0 : encodeFrames(written, 1).length;
}
