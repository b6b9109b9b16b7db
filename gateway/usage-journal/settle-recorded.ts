import { actualAmounts } from "../../models/policy/charges.ts";
import type { Reservation, UsageStore } from "../usage-store.ts";

/** What is known of an open reservation. */
type Held = Pick<Reservation, "id" | "charges"> & { readonly reservedAtMs: number };

export type SettledSince = (
  sinceMs: number,
) => AsyncIterable<{ readonly requestId: string; readonly cost: number }>;

/** The log's and the store's clock may differ by this much. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Settles the reservations of requests that are in the event log: the process was killed after it had recorded them.
 * The log knows one cost for all providers that a request tried, so it is charged once, whole, to the first of them.
 */
export async function settleRecorded(recovery: {
  readonly held: Iterable<Held>;
  readonly settledSince: SettledSince;
  readonly store: UsageStore;
}): Promise<void> {
  const waiting = [...recovery.held].sort((a, b) => hopOf(a) - hopOf(b));
  if (waiting.length === 0) return;
  const byRequest = new Map<string, Held[]>();
  for (const held of waiting) {
    const request = held.id.slice(0, held.id.lastIndexOf("/"));
    byRequest.set(request, [...(byRequest.get(request) ?? []), held]);
  }
  const oldestMs = waiting.reduce((oldest, { reservedAtMs }) => Math.min(oldest, reservedAtMs), Infinity);
  for await (const { requestId, cost } of recovery.settledSince(oldestMs - CLOCK_TOLERANCE_MS)) {
    const [charged, ...others] = byRequest.get(requestId) ?? [];
    if (charged === undefined) continue;
    byRequest.delete(requestId);
    await recovery.store.settle(charged.id, actualAmounts(charged.charges, cost));
    for (const held of others) await recovery.store.settle(held.id, actualAmounts(held.charges, 0));
  }
}

function hopOf({ id }: Held): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}
