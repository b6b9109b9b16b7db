import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { acquireProcessLock, type ProcessLock } from "../runtime/process-lock.ts";
import { describeGap, isOpen, requireKnown, statusOf } from "./usage-journal/counter-gap.ts";
import { JournalWriter } from "./usage-journal/journal-writer.ts";
import type { Held, Ledger } from "./usage-journal/ledger.ts";
import { rebuildLedger } from "./usage-journal/rebuild.ts";
import type { RecordedCounters } from "./usage-journal/recorded-counters.ts";
import { type Recovered, recoverLedger } from "./usage-journal/recovery.ts";
import { requireAmount, requireReservation } from "./usage-journal/requirements.ts";
import { type SettledSince, settleRecorded } from "./usage-journal/settle-recorded.ts";
import { Snapshot } from "./usage-journal/snapshot.ts";
import {
  type CounterGap,
  type Reservation,
  type ReserveResult,
  requestOfReservation,
  type UsageStore,
  UsageStoreError,
  type UsageStoreStatus,
} from "./usage-store.ts";

export interface EmbeddedUsageStoreOptions {
  /** Of this process alone. */
  readonly directory: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that is never set. Default: the process's. */
  readonly monotonicMs?: () => number;
  /** What the event log holds since a moment: a request that it holds is over, whatever the journal says. */
  readonly settledSince?: SettledSince;
  /** What the counters are made from where the journal is gone, and the log is not. Absent: they begin at 0. */
  readonly recorded?: RecordedCounters;
  /** Until then, windows of which the log does not have the beginning are served on what it has. Default: never. */
  readonly gapAcceptedUntilMs?: number;
  /** What failed in the background (a snapshot, a sync), and what is not known. The store goes on. */
  readonly onError?: (error: unknown) => void;
  /** A snapshot is taken when the journal behind the last one is that long. Default 64 MiB. */
  readonly snapshotAfterBytes?: number;
}

/** Reservations in force at once: ten times what a process can have open. */
export const MAX_RESERVATIONS = 200_000;
const SNAPSHOT_AFTER_BYTES = 64 << 20;
/** Over counters are dropped that often, and with each snapshot. */
const SWEEP_EVERY_MS = 60_000;
const SWEEP_SLICE = 1_000;
const RETRY_SNAPSHOT_MS = 10_000;

/**
 * The usage store of one process: counters in memory, every change in a journal before it is acknowledged.
 * Memory: about 1.7 kB for each user who sent something this month (6 counters), measured by `bench/admission.ts`;
 * a reservation takes about 1 kB.
 */
export async function openEmbeddedUsageStore(options: EmbeddedUsageStoreOptions): Promise<UsageStore> {
  await mkdir(options.directory, { recursive: true });
  const lock = await lockDirectory(options.directory);
  try {
    const recovered = await recoverLedger(options.directory);
    const gap = await rebuildLedger({ ...options, recovered });
    if (gap !== null && isOpen(gap, options.now())) options.onError?.(new Error(describeGap(gap)));
    const store = new EmbeddedUsageStore(options, { ...recovered, gap, unlock: lock.release });
    if (options.settledSince !== undefined) {
      await settleRecorded({
        held: recovered.ledger.held.values(),
        settledSince: options.settledSince,
        store,
      });
    }
    return store;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** One process writes a directory at a time. */
async function lockDirectory(directory: string): Promise<ProcessLock> {
  const outcome = await acquireProcessLock(join(directory, "lock"));
  if (outcome.kind === "acquired") return outcome.lock;
  throw new UsageStoreError(
    `${directory} is in use by ${outcome.pid === null ? "another process" : `process ${outcome.pid}`}: stop that one first`,
  );
}

class EmbeddedUsageStore implements UsageStore {
  readonly #options: EmbeddedUsageStoreOptions;
  readonly #ledger: Ledger;
  readonly #journal: JournalWriter;
  readonly #unlock: () => Promise<void>;
  #nextSequence: number;
  #closed: Promise<void> | null = null;
  /** Reservations of an earlier process. */
  readonly #inherited: WeakSet<Held>;
  /** Bytes of older segments that no snapshot replaces yet. */
  #olderBytes: number;
  #upkeep: Promise<void> | null = null;
  #nextSweepMs: number;
  #nextSnapshotMs = 0;
  readonly #gap: CounterGap | null;
  readonly #startedMs: { readonly wall: number; readonly monotonic: number };

  constructor(
    options: EmbeddedUsageStoreOptions,
    recovered: Recovered & { readonly gap: CounterGap | null; readonly unlock: () => Promise<void> },
  ) {
    this.#options = options;
    this.#gap = recovered.gap;
    this.#ledger = recovered.ledger;
    this.#inherited = new WeakSet(recovered.ledger.held.values());
    this.#nextSequence = recovered.nextSequence;
    this.#olderBytes = recovered.journalBytes;
    this.#unlock = recovered.unlock;
    this.#nextSweepMs = options.now() + SWEEP_EVERY_MS;
    this.#startedMs = { wall: options.now(), monotonic: this.#monotonicMs() };
    this.#journal = new JournalWriter({
      directory: options.directory,
      segment: recovered.nextSegment,
      onRefused: ({ reserved }) => {
        for (const held of reserved) if (!held.ended) this.#ledger.end(held, null);
      },
      onWritten: () => this.#startUpkeep(),
      onError: (error) => this.#report(error),
    });
  }

  reserve(reservation: Reservation): ReserveResult | Promise<ReserveResult> {
    if (this.#closed !== null) return Promise.reject(new UsageStoreError("the usage store is closed"));
    if (this.#journal.stuck || this.#ledger.held.size >= MAX_RESERVATIONS) {
      return Promise.reject(new UsageStoreError("too many reservations are open or wait for the disk"));
    }
    requireReservation(reservation);
    const { id, charges, expiresAtMs, memo } = reservation;
    if (this.#gap !== null && !this.#isGapAccepted()) requireKnown(charges, this.#gap);
    if (this.#ledger.held.has(id)) throw new RangeError(`"${id}" is reserved already`);
    const taken = this.#ledger.take(charges);
    if (!taken.ok) return taken;
    const held: Held = {
      sequence: this.#nextSequence++,
      id,
      charges,
      counters: taken.counters,
      expiresAtMs,
      reservedAtMs: this.#options.now(),
      memo,
      ended: false,
    };
    this.#ledger.hold(held);
    return this.#journal.reserve(held);
  }

  settle(id: string, actualAmounts: readonly number[]): boolean | Promise<boolean> {
    const held = this.#ledger.held.get(id);
    if (held === undefined) return false;
    if (actualAmounts.length !== held.charges.length) {
      throw new RangeError(`${held.charges.length} amounts are due, got ${actualAmounts.length}`);
    }
    actualAmounts.forEach(requireAmount);
    return this.#end(held, actualAmounts);
  }

  release(id: string): boolean | Promise<boolean> {
    const held = this.#ledger.held.get(id);
    return held === undefined ? false : this.#end(held, null);
  }

  read(keys: readonly string[]) {
    return keys.map((key) => this.#ledger.read(key));
  }

  /** In memory only: a process that opens the journal takes over no request, so no expiry matters to it. */
  renew({ beforeMs, untilMs }: { beforeMs: number; untilMs: number }): void {
    for (const held of this.#ledger.held.values())
      if (held.expiresAtMs < beforeMs && !this.#inherited.has(held)) held.expiresAtMs = untilMs;
  }

  /** What an earlier process left behind is over, whatever its time: this store is of one process at a time. */
  expiredReservations(nowMs: number): Reservation[] {
    const isOver = (held: Held): boolean => held.expiresAtMs <= nowMs || this.#inherited.has(held);
    const over = new Set<string>();
    for (const held of this.#ledger.held.values()) if (isOver(held)) over.add(requestOfReservation(held.id));
    return [...this.#ledger.held.values()]
      .filter(({ id }) => over.has(requestOfReservation(id)))
      .map(reservationOf);
  }

  async forget(keys: readonly string[]): Promise<void> {
    const known = keys.flatMap((key) => this.#ledger.counters.get(key) ?? []);
    if (known.length === 0) return;
    for (const counter of known) this.#ledger.forget(counter);
    // The snapshot and the journal before it still name them.
    while (this.#upkeep !== null) await this.#upkeep;
    if (this.#closed !== null) return;
    this.#upkeep = this.#inBackground(this.#takeSnapshot());
    await this.#upkeep;
  }

  status(): UsageStoreStatus {
    return statusOf(this.#gap, {
      nowMs: this.#options.now(),
      acceptedUntilMs: this.#options.gapAcceptedUntilMs ?? 0,
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#upkeep;
    try {
      await this.#journal.close();
    } finally {
      await this.#unlock();
    }
  }

  #isGapAccepted(): boolean {
    return this.#options.now() < (this.#options.gapAcceptedUntilMs ?? 0);
  }

  #end(held: Held, amounts: readonly number[] | null): Promise<boolean> {
    if (this.#closed !== null) return Promise.reject(new UsageStoreError("the usage store is closed"));
    this.#ledger.end(held, amounts);
    return this.#journal.end({ held, amounts });
  }

  #startUpkeep(): void {
    if (this.#upkeep !== null || this.#closed !== null) return;
    if (this.#isSnapshotDue()) this.#upkeep = this.#inBackground(this.#takeSnapshot());
    else if (this.#options.now() >= this.#nextSweepMs) this.#upkeep = this.#inBackground(this.#sweep());
  }

  #isSnapshotDue(): boolean {
    const bytes = this.#olderBytes + this.#journal.segmentBytes;
    if (bytes < (this.#options.snapshotAfterBytes ?? SNAPSHOT_AFTER_BYTES)) return false;
    return this.#options.now() >= this.#nextSnapshotMs;
  }

  #inBackground(work: Promise<void>): Promise<void> {
    return work
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#upkeep = null;
      });
  }

  async #takeSnapshot(): Promise<void> {
    // Not within the write that has led here.
    await nextTurn();
    // A disk that refuses it now is not asked again with each request.
    this.#nextSnapshotMs = this.#options.now() + RETRY_SNAPSHOT_MS;
    const { directory } = this.#options;
    const bytesBefore = this.#olderBytes + this.#journal.segmentBytes;
    const cut = await this.#journal.roll((segment) => {
      this.#olderBytes = bytesBefore;
      return { segment, snapshot: new Snapshot(this.#ledger) };
    });
    if (cut === null) return;
    await cut.snapshot.write({ directory, segment: cut.segment, nowMs: this.#surelyMs() });
    this.#olderBytes = 0;
    this.#nextSnapshotMs = 0;
  }

  async #sweep(): Promise<void> {
    this.#nextSweepMs = this.#options.now() + SWEEP_EVERY_MS;
    const nowMs = this.#surelyMs();
    let looked = 0;
    for (const counter of this.#ledger.counters.values()) {
      this.#ledger.forgetIfOver(counter, nowMs);
      looked += 1;
      if (looked % SWEEP_SLICE === 0) await nextTurn();
    }
  }

  /** A clock that was set forward may be set back, and then counters are asked for that would have been over: the earlier one of two holds. */
  #surelyMs(): number {
    const { wall, monotonic } = this.#startedMs;
    return Math.min(this.#options.now(), wall + this.#monotonicMs() - monotonic);
  }

  #monotonicMs(): number {
    return this.#options.monotonicMs?.() ?? performance.now();
  }

  #report(error: unknown): void {
    this.#options.onError?.(error);
  }
}

function reservationOf({ id, charges, expiresAtMs, memo }: Held): Reservation {
  return { id, charges, expiresAtMs, memo };
}
