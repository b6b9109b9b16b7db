import { open, readFile } from "node:fs/promises";
import { UsageStoreError } from "../usage-store.ts";
import { readLayout, segmentFile, snapshotFile } from "./layout.ts";
import { type Counter, Ledger } from "./ledger.ts";
import { type RecordVisitor, type ReserveRecord, readFrames } from "./records.ts";

export interface Recovered {
  readonly ledger: Ledger;
  /** The directory holds neither a journal nor a snapshot. */
  readonly isNew: boolean;
  /** Above every number in use: the segment to write next. */
  readonly nextSegment: number;
  /** Above every sequence in use. */
  readonly nextSequence: number;
  /** Bytes of journal that were read behind the snapshot. */
  readonly journalBytes: number;
}

/**
 * The ledger as it was: the newest snapshot and every segment after it. A torn write at the end of the last segment was
 * never acknowledged and is cut off; damage anywhere else is not guessed around.
 */
export async function recoverLedger(directory: string): Promise<Recovered> {
  const { segments, snapshot } = await readLayout(directory);
  const replay = new Replay();
  if (snapshot !== null) await replay.file(snapshotFile(directory, snapshot), false);
  const newer = segments.filter((number) => number >= (snapshot ?? 0));
  requireUnbroken(directory, newer, snapshot);
  let journalBytes = 0;
  for (const number of newer) {
    journalBytes += await replay.file(segmentFile(directory, number), number === newer.at(-1));
  }
  return {
    ledger: replay.ledger,
    isNew: snapshot === null && segments.length === 0,
    nextSegment: Math.max(snapshot ?? 0, segments.at(-1) ?? 0) + 1,
    nextSequence: replay.lastSequence + 1,
    journalBytes,
  };
}

/** Segments are numbered without gaps, and the first one follows the snapshot, or is number 1. */
function requireUnbroken(directory: string, segments: readonly number[], snapshot: number | null): void {
  const [first] = segments;
  if (first === undefined) return;
  const begins = snapshot === null ? first === 1 : first <= snapshot + 1;
  if (begins && segments.every((number, at) => number === first + at)) return;
  throw new UsageStoreError(
    `files of the journal in ${directory} are missing: what was spent is not known. Move the directory away, and the counters are made anew from the event log`,
  );
}

class Replay implements RecordVisitor {
  readonly ledger = new Ledger();
  lastSequence = 0;
  readonly #bySequence = new Map<number, string>();
  #numbers = new Map<number, Counter>();

  async file(name: string, mayBeTorn: boolean): Promise<number> {
    this.#numbers = new Map();
    const content = await readFile(name);
    const end = readFrames(content, this);
    if (end < content.length) {
      if (!mayBeTorn) throw new UsageStoreError(`${name} is damaged at byte ${end}`);
      await cutOff(name, end);
    }
    return end;
  }

  counter(number: number, of: Parameters<Ledger["open"]>[0], used: number): void {
    const counter = this.ledger.counters.get(of.key) ?? this.ledger.open(of);
    counter.used += used;
    this.#numbers.set(number, counter);
  }

  reserve({ charges, ...reservation }: ReserveRecord): void {
    const counters = charges.map(({ number }) => this.#counterOf(number));
    charges.forEach(({ amount }, at) => {
      const counter = counters[at];
      if (counter !== undefined) counter.reserved += amount;
    });
    this.ledger.hold({
      ...reservation,
      counters,
      charges: counters.map(({ key, scope, unit, windowEndsAtMs }, at) => ({
        key,
        scope,
        unit,
        windowEndsAtMs,
        amount: charges[at]?.amount ?? 0,
        limit: charges[at]?.limit ?? 0,
      })),
      ended: false,
    });
    this.#bySequence.set(reservation.sequence, reservation.id);
    this.lastSequence = Math.max(this.lastSequence, reservation.sequence);
  }

  end(sequence: number, amounts: readonly number[] | null): void {
    const id = this.#bySequence.get(sequence);
    const held = id === undefined ? undefined : this.ledger.held.get(id);
    if (held === undefined)
      throw new UsageStoreError(`the journal ends reservation ${sequence}, which it never began`);
    this.#bySequence.delete(sequence);
    this.ledger.end(held, amounts);
  }

  #counterOf(number: number): Counter {
    const counter = this.#numbers.get(number);
    if (counter === undefined)
      throw new UsageStoreError(`the journal names counter ${number} before introducing it`);
    return counter;
  }
}

/** Synced, so that no later power cut brings the torn end back behind a newer segment. */
async function cutOff(name: string, end: number): Promise<void> {
  const file = await open(name, "r+");
  try {
    await file.truncate(end);
    await file.sync();
  } finally {
    await file.close();
  }
}
