import { crc32 } from "node:zlib";
import { type Charge, type ChargeUnit, SCOPES, type Scope } from "../../models/domain/charge.ts";
import type { Counter, Held } from "./ledger.ts";

/**
 * Journal segments and snapshots are frames, little endian: `u32 bytes | u32 CRC32 | records`. A frame is written in one go
 * and read whole or not at all. Records:
 *
 *     1 counter  u32 number | u8 scope | u8 unit | f64 window's end ms | f64 used | u16 key bytes | key
 *     2 reserve  f64 sequence | f64 expires ms | f64 reserved ms | u16 id bytes | u32 memo bytes | u8 charges
 *                | charges × (u32 counter's number, f64 amount, f64 limit) | id | memo
 *     3 settle   f64 sequence | u8 amounts | amounts × f64
 *     4 release  f64 sequence
 *
 * A counter has to be introduced in the same file before a reservation names its number. `used` is what the counter starts
 * with: 0 in a segment, its content in a snapshot.
 */
export const FRAME_HEADER_BYTES = 8;
export const MAX_CHARGES = 255;
export const MAX_ID_BYTES = 1_024;
export const MAX_KEY_BYTES = 4_096;
export const MAX_MEMO_BYTES = 65_536;

const COUNTER = 1;
const RESERVE = 2;
const SETTLE = 3;
const RELEASE = 4;

const COUNTER_FIXED_BYTES = 25;
const RESERVE_FIXED_BYTES = 32;
const CHARGE_BYTES = 20;
const UNITS: readonly ChargeUnit[] = ["requests", "nano-usd"];
const FIRST_BUFFER_BYTES = 64 * 1024;

/** Collects records for one frame in a buffer that is used again and again. */
export class FrameWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  #view = viewOf(this.#bytes);
  #end = FRAME_HEADER_BYTES;

  get empty(): boolean {
    return this.#end === FRAME_HEADER_BYTES;
  }

  get size(): number {
    return this.#end;
  }

  /** The frame; valid until the next record is added. */
  frame(): Buffer {
    const frame = this.#bytes.subarray(0, this.#end);
    this.#view.setUint32(0, this.#end - FRAME_HEADER_BYTES, true);
    this.#view.setUint32(4, crc32(frame.subarray(FRAME_HEADER_BYTES)), true);
    return frame;
  }

  clear(): void {
    this.#end = FRAME_HEADER_BYTES;
  }

  counter(number: number, counter: Counter, used: number): void {
    this.#reserveSpace(COUNTER_FIXED_BYTES + 3 * counter.key.length);
    const view = this.#view;
    let at = this.#end;
    view.setUint8(at, COUNTER);
    view.setUint32(at + 1, number, true);
    view.setUint8(at + 5, SCOPES.indexOf(counter.scope));
    view.setUint8(at + 6, UNITS.indexOf(counter.unit));
    view.setFloat64(at + 7, counter.windowEndsAtMs, true);
    view.setFloat64(at + 15, used, true);
    const keyBytes = this.#bytes.write(counter.key, at + COUNTER_FIXED_BYTES, "utf8");
    view.setUint16(at + 23, keyBytes, true);
    at += COUNTER_FIXED_BYTES + keyBytes;
    this.#end = at;
  }

  reserve(held: Held, numberOf: (counter: Counter) => number): void {
    const count = held.counters.length;
    this.#reserveSpace(RESERVE_FIXED_BYTES + count * CHARGE_BYTES + 3 * (held.id.length + held.memo.length));
    const view = this.#view;
    const start = this.#end;
    view.setUint8(start, RESERVE);
    view.setFloat64(start + 1, held.sequence, true);
    view.setFloat64(start + 9, held.expiresAtMs, true);
    view.setFloat64(start + 17, held.reservedAtMs, true);
    view.setUint8(start + 31, count);
    let at = start + RESERVE_FIXED_BYTES;
    for (let index = 0; index < count; index++) {
      const counter = held.counters[index];
      const charge = held.charges[index];
      if (counter === undefined || charge === undefined) continue;
      view.setUint32(at, numberOf(counter), true);
      view.setFloat64(at + 4, charge.amount, true);
      view.setFloat64(at + 12, charge.limit, true);
      at += CHARGE_BYTES;
    }
    const idBytes = this.#bytes.write(held.id, at, "utf8");
    const memoBytes = this.#bytes.write(held.memo, at + idBytes, "utf8");
    view.setUint16(start + 25, idBytes, true);
    view.setUint32(start + 27, memoBytes, true);
    this.#end = at + idBytes + memoBytes;
  }

  settle(held: Held, amounts: readonly number[]): void {
    this.#reserveSpace(10 + amounts.length * 8);
    const view = this.#view;
    let at = this.#end;
    view.setUint8(at, SETTLE);
    view.setFloat64(at + 1, held.sequence, true);
    view.setUint8(at + 9, amounts.length);
    at += 10;
    for (const amount of amounts) {
      view.setFloat64(at, amount, true);
      at += 8;
    }
    this.#end = at;
  }

  release(held: Held): void {
    this.#reserveSpace(9);
    this.#view.setUint8(this.#end, RELEASE);
    this.#view.setFloat64(this.#end + 1, held.sequence, true);
    this.#end += 9;
  }

  #reserveSpace(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

export interface RecordVisitor {
  counter(
    number: number,
    counter: Pick<Charge, "key" | "scope" | "unit" | "windowEndsAtMs">,
    used: number,
  ): void;
  reserve(reservation: ReserveRecord): void;
  /** null = released. */
  end(sequence: number, amounts: readonly number[] | null): void;
}

export interface ReserveRecord {
  readonly sequence: number;
  readonly id: string;
  readonly memo: string;
  readonly expiresAtMs: number;
  readonly reservedAtMs: number;
  readonly charges: readonly { readonly number: number; readonly amount: number; readonly limit: number }[];
}

/** Hands out the records of all whole frames and returns where the last of them ends; behind it, a write was torn. */
export function readFrames(file: Buffer, visitor: RecordVisitor): number {
  let position = 0;
  while (file.length - position >= FRAME_HEADER_BYTES) {
    const start = position + FRAME_HEADER_BYTES;
    const end = start + file.readUInt32LE(position);
    // No frame is empty: a run of zeros, which a power cut may leave, is not one.
    if (end === start || end > file.length) break;
    const records = file.subarray(start, end);
    if (crc32(records) !== file.readUInt32LE(position + 4)) break;
    readRecords(records, visitor);
    position = end;
  }
  return position;
}

function readRecords(records: Buffer, visitor: RecordVisitor): void {
  let at = 0;
  while (at < records.length) {
    const type = records[at];
    if (type === COUNTER) at = readCounter(records, at, visitor);
    else if (type === RESERVE) at = readReserve(records, at, visitor);
    else if (type === SETTLE) at = readSettle(records, at, visitor);
    else if (type === RELEASE) {
      visitor.end(records.readDoubleLE(at + 1), null);
      at += 9;
    } else throw new RangeError(`unknown record ${type}: written by a newer version?`);
  }
}

function readCounter(records: Buffer, at: number, visitor: RecordVisitor): number {
  const end = at + COUNTER_FIXED_BYTES + records.readUInt16LE(at + 23);
  const counter = {
    key: records.toString("utf8", at + COUNTER_FIXED_BYTES, end),
    scope: known<Scope>(SCOPES, records.readUInt8(at + 5)),
    unit: known(UNITS, records.readUInt8(at + 6)),
    windowEndsAtMs: records.readDoubleLE(at + 7),
  };
  visitor.counter(records.readUInt32LE(at + 1), counter, records.readDoubleLE(at + 15));
  return end;
}

function readReserve(records: Buffer, start: number, visitor: RecordVisitor): number {
  const chargesAt = start + RESERVE_FIXED_BYTES;
  const idAt = chargesAt + records.readUInt8(start + 31) * CHARGE_BYTES;
  const memoAt = idAt + records.readUInt16LE(start + 25);
  const end = memoAt + records.readUInt32LE(start + 27);
  const charges = [];
  for (let at = chargesAt; at < idAt; at += CHARGE_BYTES) {
    const number = records.readUInt32LE(at);
    charges.push({ number, amount: records.readDoubleLE(at + 4), limit: records.readDoubleLE(at + 12) });
  }
  visitor.reserve({
    sequence: records.readDoubleLE(start + 1),
    expiresAtMs: records.readDoubleLE(start + 9),
    reservedAtMs: records.readDoubleLE(start + 17),
    id: records.toString("utf8", idAt, memoAt),
    memo: records.toString("utf8", memoAt, end),
    charges,
  });
  return end;
}

function readSettle(records: Buffer, start: number, visitor: RecordVisitor): number {
  const end = start + 10 + records.readUInt8(start + 9) * 8;
  const amounts: number[] = [];
  for (let at = start + 10; at < end; at += 8) amounts.push(records.readDoubleLE(at));
  visitor.end(records.readDoubleLE(start + 1), amounts);
  return end;
}

function known<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`unknown code ${index}: written by a newer version?`);
  return value;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
