import type { Charge } from "../../models/domain/charge.ts";
import {
  CountersUnknownError,
  type Reservation,
  type ReserveResult,
  type UsageStore,
  UsageStoreError,
} from "../usage-store.ts";
import type { SharedUsageStore } from "./shared-usage-store.ts";

export interface FailOpenOptions {
  readonly store: SharedUsageStore;
  /** The most that this process lets through without asking the store, until it could be told of all of it; nano-dollars. */
  readonly capNano: number;
  readonly onError: (error: unknown) => void;
}

interface LocalHold {
  readonly reservation: Reservation;
  /** Null while the request runs. */
  actual: readonly number[] | null;
}

const MAX_LOCAL_HOLDS = 10_000;
const TELL_EVERY_MS = 1_000;

/**
 * While the store cannot be asked, requests pass without looking at their limits, up to a cap of this process in all. What they
 * did cost is told to the store until it says that it has it, and only then is the cap free again; told twice, it counts once. Limits can be passed by at most the
 * cap times the number of gateways: that is the price, and why it is off by default. A crash while the store is away forgets
 * what was let through; the events still tell of it.
 */
export function failOpen({ store, capNano, onError }: FailOpenOptions): UsageStore {
  const holds = new Map<string, LocalHold>();
  let telling: Promise<void> | null = null;
  const timer = setInterval(() => {
    telling ??= tell()
      .catch(onError)
      .finally(() => {
        telling = null;
      });
  }, TELL_EVERY_MS);
  timer.unref();

  function passUnasked(reservation: Reservation, error: UsageStoreError): ReserveResult {
    let used = moneyOf(reservation.charges);
    for (const { reservation: held, actual } of holds.values()) used += moneyOf(held.charges, actual);
    if (used > capNano || holds.size >= MAX_LOCAL_HOLDS) throw error;
    holds.set(reservation.id, { reservation, actual: null });
    // Of the counters only this request is known.
    return { ok: true, states: reservation.charges.map(({ amount }) => ({ used: 0, reserved: amount })) };
  }

  /** Null: the store knows it. */
  function endLocally(id: string, actual: (charges: readonly Charge[]) => readonly number[]): boolean | null {
    const hold = holds.get(id);
    if (hold === undefined) return null;
    if (hold.actual !== null) return false;
    hold.actual = actual(hold.reservation.charges);
    return true;
  }

  /** What is over is counted where all gateways see it, whatever the limits say now: it was spent. */
  async function tell(): Promise<void> {
    for (const [id, { reservation, actual }] of holds) {
      if (actual === null) continue;
      await store.count(id, reservation.charges, actual);
      holds.delete(id);
    }
  }

  store.attach({
    open: () => [...holds.values()].filter(({ actual }) => actual === null).length,
    onRebuilt() {
      // What is over is in the log, and so in counters that were made from it.
      for (const [id, { actual }] of holds) if (actual !== null) holds.delete(id);
    },
  });

  return {
    async reserve(reservation) {
      try {
        return await store.reserve(reservation);
      } catch (error) {
        // That the store is there and does not know what was used does not end by itself: letting requests through would be no exception.
        if (!(error instanceof UsageStoreError) || error instanceof CountersUnknownError) throw error;
        return passUnasked(reservation, error);
      }
    },
    settle: (id, actual) => endLocally(id, () => actual) ?? store.settle(id, actual),
    release: (id) => endLocally(id, (charges) => charges.map(() => 0)) ?? store.release(id),
    read: (keys) => store.read(keys),
    forget: (keys) => store.forget(keys),
    status: () => store.status(),
    renew: (expiries) => store.renew(expiries),
    expiredReservations: (nowMs) => store.expiredReservations(nowMs),
    async close() {
      clearInterval(timer);
      await telling;
      await tell().catch(onError);
      await store.close();
    },
  };
}

/** A request's money is charged in several scopes, each time the same. */
function moneyOf(charges: readonly Charge[], actual: readonly number[] | null = null): number {
  return charges.reduce(
    (most, { unit, amount }, at) => (unit === "nano-usd" ? Math.max(most, actual?.[at] ?? amount) : most),
    0,
  );
}
