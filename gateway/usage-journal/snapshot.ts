import { type FileHandle, open, rename } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { deleteSuperseded, snapshotFile, syncDirectory } from "./layout.ts";
import type { Counter, Ledger } from "./ledger.ts";
import { FrameWriter } from "./records.ts";

/** Counters that are looked at in one turn of the event loop: about 0.1 ms. */
const SLICE_COUNTERS = 250;
const FLUSH_BYTES = 256 * 1024;

/**
 * A picture of the ledger at the moment at which it is made, written while the ledger goes on: a counter that is about to
 * change is written first. Reservations in force are written at once.
 */
export class Snapshot {
  readonly #ledger: Ledger;
  readonly #frame = new FrameWriter();
  #nextNumber = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    ledger.snapshot += 1;
    ledger.beforeChange = (counter) => {
      this.#add(counter);
    };
    const numbers = new Map<Counter, number>();
    const numberOf = (counter: Counter) => numbers.get(counter) ?? 0;
    for (const held of ledger.held.values()) {
      for (const counter of held.counters)
        if (!numbers.has(counter)) numbers.set(counter, this.#add(counter));
      this.#frame.reserve(held, numberOf);
    }
  }

  /** Replaces the journal before `segment`. Until it has resolved, the old files are what recovery reads. */
  async write(to: {
    readonly directory: string;
    readonly segment: number;
    readonly nowMs: number;
  }): Promise<void> {
    const { directory, segment, nowMs } = to;
    const target = snapshotFile(directory, segment);
    const temporary = `${target}.tmp`;
    try {
      const file = await open(temporary, "w");
      try {
        await this.#writeCounters(file, nowMs);
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      this.#ledger.beforeChange = null;
    }
    await rename(temporary, target);
    await syncDirectory(directory);
    await deleteSuperseded(directory);
  }

  async #writeCounters(file: FileHandle, nowMs: number): Promise<void> {
    let looked = 0;
    for (const counter of this.#ledger.counters.values()) {
      if (!this.#ledger.forgetIfOver(counter, nowMs) && counter.snapshot !== this.#ledger.snapshot)
        this.#add(counter);
      looked += 1;
      if (this.#frame.size >= FLUSH_BYTES) await this.#flush(file);
      else if (looked % SLICE_COUNTERS === 0) await nextTurn();
    }
    await this.#flush(file);
  }

  async #flush(file: FileHandle): Promise<void> {
    if (this.#frame.empty) return;
    // A copy: counters that change while it is being written are added to the frame.
    const frame = Buffer.from(this.#frame.frame());
    this.#frame.clear();
    await file.appendFile(frame);
  }

  #add(counter: Counter): number {
    const number = this.#nextNumber++;
    counter.snapshot = this.#ledger.snapshot;
    this.#frame.counter(number, counter, counter.used);
    return number;
  }
}
