import { actualAmounts } from "../../models/policy/charges.ts";
import { compareAttempts, type Reservation, requestOfReservation, type UsageStore } from "../usage-store.ts";

/** What is known of an open reservation. */
type Held = Pick<Reservation, "id" | "charges"> & { readonly reservedAtMs: number };

export type SettledSince = (
  sinceMs: number,
) => AsyncIterable<{ readonly requestId: string; readonly cost: number }>;

/** The log's and the store's clock may differ by this much. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Settles the reservations of requests that are in the event log: the process was killed after it had recorded them.
 * The log knows one cost for all attempts of a request. The last attempt is charged with all of it, and is settled last: when
 * that breaks off, what is left has the last attempt in it, and nothing is charged twice.
 */
export async function settleRecorded(recovery: {
  readonly held: Iterable<Held>;
  readonly settledSince: SettledSince;
  readonly store: Pick<UsageStore, "settle">;
}): Promise<void> {
  const waiting = [...recovery.held].sort(compareAttempts);
  if (waiting.length === 0) return;
  const byRequest = new Map<string, Held[]>();
  for (const held of waiting) {
    const request = requestOfReservation(held.id);
    byRequest.set(request, [...(byRequest.get(request) ?? []), held]);
  }
  const oldestMs = waiting.reduce((oldest, { reservedAtMs }) => Math.min(oldest, reservedAtMs), Infinity);
  for await (const { requestId, cost } of recovery.settledSince(oldestMs - CLOCK_TOLERANCE_MS)) {
    const attempts = byRequest.get(requestId);
    if (attempts === undefined) continue;
    byRequest.delete(requestId);
    for (const [at, { id, charges }] of attempts.entries()) {
      const isLast = at === attempts.length - 1;
      await recovery.store.settle(id, actualAmounts(charges, isLast ? cost : 0));
    }
  }
}
