import { PublicError } from "../models/domain/errors.ts";

/**
 * How much is worked on at once, and who waits. Tiers that do not pay get a share of the slots only, so that some are always
 * left for those that do; who finds none waits for a moment, those that pay first; and when too many wait, those that do not
 * pay are turned away first.
 */
export interface WorkSlots {
  /** False: so many requests are open, from their first byte on, that no more can be kept in memory. Else `leave` is due. */
  enter(): boolean;
  leave(): void;
  /** A slot, at once or after waiting; rejects with {@link PublicError} `overloaded`. Its function gives it back, once. */
  take(ask: SlotAsk): GiveBack | Promise<GiveBack>;
  inWork(): number;
  waiting(): number;
  /** What to throw when `enter` said no. */
  overload(): PublicError;
}

export type GiveBack = () => void;

export interface SlotAsk {
  readonly premium: boolean;
  /** Calls the given function when the caller has gone, so that nobody holds its place. */
  onGone(gone: () => void): void;
}

export interface SlotLimits {
  readonly maxInFlight: number;
  /** Of `maxInFlight`, for tiers that do not pay. */
  readonly freeShare: number;
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
  /** Requests open at once, whose bodies may not even have come. */
  readonly maxOpen: number;
}

interface Waiter {
  readonly premium: boolean;
  readonly admit: (give: GiveBack) => void;
  readonly refuse: () => void;
}

const MAX_RETRY_SECONDS = 30;
/** Weight of the newest interval in the moving average of the time between two slots. */
const SMOOTHING = 0.1;

export function openWorkSlots(limits: SlotLimits, monotonicMs: () => number): WorkSlots {
  const freeSlots = Math.floor(limits.maxInFlight * limits.freeShare);
  /** First come, first served: a set keeps its order and lets anybody leave. */
  const queues = { premium: new Set<Waiter>(), free: new Set<Waiter>() };
  let open = 0;
  let premiumInWork = 0;
  let freeInWork = 0;
  let msBetweenSlots = 0;
  let lastGivenBackMs = monotonicMs();

  const waiting = (): number => queues.premium.size + queues.free.size;
  const fits = (premium: boolean): boolean =>
    premiumInWork + freeInWork < limits.maxInFlight && (premium || freeInWork < freeSlots);
  const occupy = (premium: boolean): GiveBack => {
    if (premium) premiumInWork += 1;
    else freeInWork += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      if (premium) premiumInWork -= 1;
      else freeInWork -= 1;
      const nowMs = monotonicMs();
      msBetweenSlots += SMOOTHING * (nowMs - lastGivenBackMs - msBetweenSlots);
      lastGivenBackMs = nowMs;
      admitNext();
    };
  };
  const admitNext = (): void => {
    for (const queue of [queues.premium, queues.free]) {
      for (const waiter of queue) {
        if (!fits(waiter.premium)) break;
        queue.delete(waiter);
        waiter.admit(occupy(waiter.premium));
      }
    }
  };
  /** As long as those who wait now will take. */
  const overload = (): PublicError =>
    new PublicError("overloaded", "the gateway has too much to do", {
      retryAfterSeconds: Math.min(
        MAX_RETRY_SECONDS,
        Math.max(1, Math.ceil((waiting() * msBetweenSlots) / 1000)),
      ),
    });
  /** Room in the queue for one more; a paying caller takes it from the last one who does not pay. */
  const makeRoom = (premium: boolean): boolean => {
    if (waiting() < limits.maxWaiting) return true;
    const last = premium ? [...queues.free].at(-1) : undefined;
    last?.refuse();
    return last !== undefined;
  };

  return {
    enter() {
      if (open >= limits.maxOpen) return false;
      open += 1;
      return true;
    },
    leave() {
      open -= 1;
    },
    take({ premium, onGone }) {
      if (fits(premium)) return occupy(premium);
      if (!makeRoom(premium)) return Promise.reject(overload());
      const queue = premium ? queues.premium : queues.free;
      return new Promise<GiveBack>((resolve, reject) => {
        const leaveQueue = (): void => {
          clearTimeout(deadline);
          queue.delete(waiter);
        };
        const waiter: Waiter = {
          premium,
          admit: (give) => {
            clearTimeout(deadline);
            resolve(give);
          },
          refuse: () => {
            leaveQueue();
            reject(overload());
          },
        };
        const deadline = setTimeout(waiter.refuse, limits.maxWaitMs);
        queue.add(waiter);
        onGone(() => {
          if (queue.has(waiter)) waiter.refuse();
        });
      });
    },
    inWork: () => premiumInWork + freeInWork,
    waiting,
    overload,
  };
}
