import type { Reservation } from "../usage-store.ts";
import { MAX_CHARGES, MAX_ID_BYTES, MAX_KEY_BYTES, MAX_MEMO_BYTES } from "./records.ts";

/** UTF-8 has at most three bytes for each unit of a string's length. */
const BYTES_PER_UNIT = 3;

/** What cannot be counted or would not fit into a record is a bug of the caller; nothing of it is taken. Throws RangeError. */
export function requireReservation({ id, charges, memo }: Reservation): void {
  if (charges.length > MAX_CHARGES)
    throw new RangeError(`at most ${MAX_CHARGES} charges, got ${charges.length}`);
  if (id.length * BYTES_PER_UNIT > MAX_ID_BYTES) throw new RangeError("the reservation's id is too long");
  if (memo.length * BYTES_PER_UNIT > MAX_MEMO_BYTES)
    throw new RangeError("the reservation's memo is too long");
  for (const { key, amount, limit } of charges) {
    if (key.length * BYTES_PER_UNIT > MAX_KEY_BYTES) throw new RangeError("a counter's key is too long");
    if (Number.isNaN(limit)) throw new RangeError(`the limit of ${key} is not a number`);
    requireAmount(amount);
  }
}

export function requireAmount(amount: number): void {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError(`an amount must be a whole number from 0, got ${amount}`);
  }
}
