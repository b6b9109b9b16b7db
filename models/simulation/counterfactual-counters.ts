import type { Charge, CounterState } from "../domain/charge.ts";

/** The usage counters of a replay: what the gateway's store would hold, with nothing in flight. */
export interface ReplayCounters {
  /** The first charge that does not fit; null = all fit. */
  unfit(charges: readonly Charge[]): Charge | null;
  /** Books a request of `cost` nano-dollars. */
  book(charges: readonly Charge[], cost: number): void;
  state(key: string): CounterState;
}

/** Counts what is limited; with each new day, windows that are over are forgotten. */
export function openReplayCounters(): ReplayCounters {
  const counters = new Map<string, { used: number; endsAtMs: number }>();
  let dayEndsAtMs = 0;
  const forgetBefore = (endMs: number): void => {
    for (const [key, { endsAtMs }] of counters) if (endsAtMs < endMs) counters.delete(key);
  };
  return {
    unfit: (charges) =>
      charges.find(
        ({ key, amount, limit }) =>
          limit !== Number.POSITIVE_INFINITY && (counters.get(key)?.used ?? 0) + amount > limit,
      ) ?? null,
    book(charges, cost) {
      for (const { key, unit, amount, limit, windowEndsAtMs, scope } of charges) {
        if (scope === "user-day" && windowEndsAtMs > dayEndsAtMs) {
          dayEndsAtMs = windowEndsAtMs;
          forgetBefore(dayEndsAtMs);
        }
        if (limit === Number.POSITIVE_INFINITY) continue;
        const added = unit === "requests" ? amount : cost;
        const known = counters.get(key);
        if (known === undefined) counters.set(key, { used: added, endsAtMs: windowEndsAtMs });
        else known.used += added;
      }
    },
    state: (key) => ({ used: counters.get(key)?.used ?? 0, reserved: 0 }),
  };
}
