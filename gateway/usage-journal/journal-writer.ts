import { close, fdatasync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { type ReserveResult, UsageStoreError } from "../usage-store.ts";
import { Batch, type Ending } from "./batch.ts";
import { segmentFile, syncDirectory } from "./layout.ts";
import type { Counter, Held } from "./ledger.ts";
import { FrameWriter } from "./records.ts";

/** A turn's records are written before the turn ends when they are that many bytes. */
const MAX_FRAME_BYTES = 4 << 20;
/** A power cut takes at most what was written in this time. A kill of the process takes nothing. */
const SYNC_EVERY_MS = 100;
const RETRY_AFTER_MS = 100;
/** Endings that the disk has refused and that wait to be written; with that many, no reservation is taken. */
const MAX_UNWRITTEN = 100_000;

const syncData = promisify(fdatasync);
const closeFile = promisify(close);

export interface JournalOptions {
  readonly directory: string;
  /** The number of the first segment to write; the file must not exist. */
  readonly segment: number;
  /** The batch was refused: its reservations that have not ended must be taken back. */
  onRefused(batch: Batch): void;
  onWritten(): void;
  /** What failed in the background. */
  onError(error: unknown): void;
}

/**
 * Writes the journal: the records of one turn of the event loop in one synchronous write into the page cache, which takes
 * microseconds and survives the process; `fdatasync` follows in the background.
 *
 * A batch that cannot be written is refused. What has ended in it stays ended, since that money is spent, and is written
 * with the next batch, before everything else.
 */
export class JournalWriter {
  readonly #options: JournalOptions;
  readonly #frame = new FrameWriter();
  #batch: Batch | null = null;
  #unwritten: Pick<Batch, "reserved" | "ended"> = { reserved: [], ended: [] };
  #segment: number;
  #file: number | null = null;
  #position = 0;
  /** Changes with each segment and each refusal: what counters were numbered before is not in the file. */
  #numbering = 1;
  #nextNumber = 0;
  #flushScheduled = false;
  /** While set, the old segment is being synced and nothing may be written to the new one. */
  #rolling = false;
  #timer: NodeJS.Timeout | null = null;
  #syncing: Promise<void> = Promise.resolve();
  /** The segment whose name is known to be on the disk, too. */
  #namedSegment = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#segment = options.segment;
  }

  /** Bytes of the current segment. */
  get segmentBytes(): number {
    return this.#position;
  }

  /** So much waits for the disk that nothing more may be taken. */
  get stuck(): boolean {
    return this.#unwritten.ended.length >= MAX_UNWRITTEN;
  }

  reserve(held: Held): Promise<ReserveResult> {
    const batch = this.#openBatch();
    batch.reserved.push(held);
    this.#encodeReserve(held);
    return batch.admitted;
  }

  end(ending: Ending): Promise<boolean> {
    const batch = this.#openBatch();
    batch.ended.push(ending);
    this.#encodeEnding(ending);
    return batch.done;
  }

  /** Writes what waits; false when the disk does not take it or is not ready. */
  flush(): boolean {
    if (this.#rolling) return false;
    if (this.#frame.empty) return true;
    const batch = this.#batch;
    this.#batch = null;
    try {
      this.#write(this.#frame.frame());
    } catch (cause) {
      this.#refuse(batch, cause);
      return false;
    }
    this.#frame.clear();
    this.#unwritten = { reserved: [], ended: [] };
    this.#schedule(SYNC_EVERY_MS);
    batch?.resolve();
    this.#options.onWritten();
    return true;
  }

  /**
   * Begins the next segment and answers with what `atCut` made at the very moment between the two; null when the disk refuses.
   * The old segment is on the disk before the new one holds anything: reservations of that time wait for some milliseconds.
   */
  async roll<T>(atCut: (segment: number) => T): Promise<T | null> {
    if (!this.flush()) return null;
    const old = this.#file;
    const oldBytes = this.#position;
    this.#file = null;
    this.#segment += 1;
    this.#position = 0;
    this.#renumber();
    const made = atCut(this.#segment);
    if (old === null) return made;
    this.#rolling = true;
    try {
      await this.#syncing;
      // What a failed write may have left behind the end would be damage in a segment that is not the last one.
      ftruncateSync(old, oldBytes);
      await syncData(old);
    } catch (error) {
      // The old segment is whole for whoever reads it; only a power cut could tell the difference.
      this.#options.onError(error);
    } finally {
      this.#rolling = false;
      this.flush();
    }
    await closeFile(old);
    return made;
  }

  /** When it resolves, everything is on the disk. */
  async close(): Promise<void> {
    const written = this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#syncing;
    if (this.#file !== null) {
      await syncData(this.#file);
      await closeFile(this.#file);
      this.#file = null;
    }
    if (!written) throw new UsageStoreError("the last changes of the counters could not be written");
  }

  #openBatch(): Batch {
    if (this.#frame.size >= MAX_FRAME_BYTES) this.flush();
    this.#batch ??= new Batch();
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(() => {
        this.#flushScheduled = false;
        this.flush();
      });
    }
    return this.#batch;
  }

  /** At a position of our own, so that what a failed write has left behind is written over. */
  #write(frame: Buffer): void {
    this.#file ??= openSync(segmentFile(this.#options.directory, this.#segment), "wx");
    let written = 0;
    while (written < frame.length) {
      const length = frame.length - written;
      written += writeSync(this.#file, frame, written, length, this.#position + written);
    }
    this.#position += frame.length;
  }

  #refuse(batch: Batch | null, cause: unknown): void {
    this.#cutTornWrite();
    this.#frame.clear();
    this.#renumber();
    const { reserved, ended } = this.#unwritten;
    this.#unwritten = {
      reserved: [...reserved, ...(batch?.reserved.filter((held) => held.ended) ?? [])],
      ended: [...ended, ...(batch?.ended ?? [])],
    };
    for (const held of this.#unwritten.reserved) this.#encodeReserve(held);
    for (const ending of this.#unwritten.ended) this.#encodeEnding(ending);
    if (!this.#frame.empty) this.#schedule(RETRY_AFTER_MS);
    if (batch === null) return;
    this.#options.onRefused(batch);
    batch.reject(new UsageStoreError("the usage journal cannot be written", { cause }));
  }

  #cutTornWrite(): void {
    if (this.#file === null) return;
    try {
      ftruncateSync(this.#file, this.#position);
    } catch (error) {
      // The next write begins at the same position, and a reader stops at a frame that is not whole: nothing is lost.
      this.#options.onError(error);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#syncing = this.#retryAndSync().catch((error: unknown) => this.#options.onError(error));
    }, delayMs);
    this.#timer.unref();
  }

  async #retryAndSync(): Promise<void> {
    if (this.#unwritten.ended.length > 0) this.flush();
    const file = this.#file;
    if (file === null) return;
    await syncData(file);
    if (this.#namedSegment === this.#segment) return;
    this.#namedSegment = this.#segment;
    await syncDirectory(this.#options.directory);
  }

  #encodeReserve(held: Held): void {
    for (const counter of held.counters) {
      if (counter.numbering === this.#numbering) continue;
      counter.numbering = this.#numbering;
      counter.number = this.#nextNumber++;
      this.#frame.counter(counter.number, counter, 0);
    }
    this.#frame.reserve(held, numberOf);
  }

  #encodeEnding({ held, amounts }: Ending): void {
    if (amounts === null) this.#frame.release(held);
    else this.#frame.settle(held, amounts);
  }

  #renumber(): void {
    this.#numbering += 1;
    this.#nextNumber = 0;
  }
}

function numberOf(counter: Counter): number {
  return counter.number;
}
