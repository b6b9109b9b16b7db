import type { Charge, CounterState } from "../models/domain/charge.ts";
import type { MaybePromise } from "./maybe-promise.ts";

/**
 * The counters and reservations that decide admission. The gateway calls `reserve` before a provider is called,
 * and exactly one of `settle` and `release` afterwards.
 *
 * Guarantees of every adapter (`test/contract/usage-store.contract.ts`):
 * - a reservation takes all of its charges or none, atomically with all others: used + reserved never passes a limit by a reservation;
 * - a reservation whose `reserve` has resolved survives `kill -9`, and so does a settlement;
 * - a reservation that is neither settled nor released counts on, and `expiredReservations` tells of it;
 * - settling or releasing what is not reserved (any more) changes nothing and answers false. Where another gateway has settled it at
 *   its bound, because it took this one for dead, the settlement by the gateway that reserved it corrects that and answers true.
 */
export interface UsageStore {
  reserve(reservation: Reservation): MaybePromise<ReserveResult>;
  /**
   * The request is over: each reserved amount is replaced by what was actually used, charge by charge, in the order of the
   * reservation. An actual amount above its bound is counted in full.
   */
  settle(id: string, actualAmounts: readonly number[]): MaybePromise<boolean>;
  /** Nothing was used: the reservation leaves no trace. */
  release(id: string): MaybePromise<boolean>;
  read(keys: readonly string[]): MaybePromise<CounterState[]>;
  /**
   * Says that the requests of this process live: of its reservations, those that expire before `before` expire at `until`. A request
   * has no longest life (it waits for budget, retries, hedges, a slow client, a log that is away), so only its process can say it.
   */
  renew(expiries: { readonly beforeMs: number; readonly untilMs: number }): MaybePromise<void>;
  /**
   * Reservations whose request cannot be running any more: `expiresAtMs` has passed, or its process is known to be gone. All
   * reservations of one request come together. They count on, and come again, until the caller has recorded an `orphaned` event for
   * the request and settled them.
   */
  expiredReservations(nowMs: number): MaybePromise<Reservation[]>;
  /**
   * Forgets counters with their names, in files, too. One that a reservation holds begins again at what is reserved; its name stays
   * until it is forgotten once more.
   */
  forget(keys: readonly string[]): Promise<void>;
  status(): UsageStoreStatus;
  close(): Promise<void>;
}

/** Whether the counters are what was used. */
export type UsageStoreStatus =
  | { readonly state: "ready" }
  /** They were lost, or older than they were; nothing is reserved until they are made anew from the log. */
  | { readonly state: "rebuilding" }
  /** They were made anew, and the log did not have all of it. */
  | { readonly state: "incomplete"; readonly gap: CounterGap; readonly accepted: boolean };

/**
 * What the log no longer had when counters were made anew from it. A charge with a limit in such a window is refused, since what was
 * used of the limit is not known; the next window is known again.
 */
export interface CounterGap {
  /** The log had everything from this moment on. */
  readonly completeSinceMs: number;
  /** Windows that began before it, by their grain: when each ends. */
  readonly endsAtMs: { readonly [Grain in GapGrain]?: number | undefined };
}

export const GAP_GRAINS = ["day", "week", "month"] as const;
export type GapGrain = (typeof GAP_GRAINS)[number];

export interface Reservation {
  /** `<request id>/<hop>`: unique for each provider that is tried. */
  readonly id: string;
  readonly charges: readonly Charge[];
  /** After it, the request cannot be running any more, unless its process has renewed the reservation. */
  readonly expiresAtMs: number;
  /** Kept as it is and handed back for the `orphaned` event: a JSON document of the request's facts. */
  readonly memo: string;
}

/** A denial is a value: which charge did not fit, and its counter as it was. */
export type ReserveResult =
  /** `states`: the counters just after, in the order of the charges, where telling them saves the caller from asking. */
  | { readonly ok: true; readonly states?: readonly CounterState[] }
  | { readonly ok: false; readonly denied: Charge; readonly state: CounterState };

/** The store cannot be asked; the gateway then refuses requests rather than let money leak. */
export class UsageStoreError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "UsageStoreError";
  }
}

/** What was used of a limit is not known: an operator has to wait for its window's end, or to accept the gap. */
export class CountersUnknownError extends UsageStoreError {}

/** The part of a reservation's id that all attempts of one request share. */
export function requestOfReservation(id: string): string {
  const end = id.lastIndexOf("/");
  return end < 0 ? id : id.slice(0, end);
}

/** Sorts the reservations of one request by their attempts. */
export function compareAttempts(one: { readonly id: string }, other: { readonly id: string }): number {
  return attemptIndexOf(one.id) - attemptIndexOf(other.id);
}

function attemptIndexOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}
