/** Counts wrong tokens: a few from one address, some more from all of them, then a pause. */
export interface FailureLimit {
  /** Seconds until another failure from this address is answered as such; null: it is now. */
  retryAfterSeconds(address: string): number | null;
  failed(address: string): void;
}

const WINDOW_MS = 60_000;
export const MAX_FAILURES_OF_ADDRESS = 10;
export const MAX_FAILURES_OF_ALL = 200;
const MAX_ADDRESSES = 10_000;
const EVERYBODY = "";

interface Failures {
  readonly count: number;
  readonly endsAt: number;
}

export function openFailureLimit(now: () => number): FailureLimit {
  const failures = new Map<string, Failures>();
  const current = (address: string): Failures => {
    const known = failures.get(address);
    return known === undefined || known.endsAt <= now() ? { count: 0, endsAt: now() + WINDOW_MS } : known;
  };
  const wait = (address: string, max: number): number => {
    const { count, endsAt } = current(address);
    return count < max ? 0 : endsAt - now();
  };
  const add = (address: string): void => {
    const { count, endsAt } = current(address);
    failures.delete(address);
    failures.set(address, { count: count + 1, endsAt });
  };
  return {
    retryAfterSeconds(address) {
      const waitMs = Math.max(wait(address, MAX_FAILURES_OF_ADDRESS), wait(EVERYBODY, MAX_FAILURES_OF_ALL));
      return waitMs === 0 ? null : Math.ceil(waitMs / 1000);
    },
    failed(address) {
      add(address);
      add(EVERYBODY);
      const [oldest] = failures.keys();
      if (failures.size > MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
    },
  };
}
