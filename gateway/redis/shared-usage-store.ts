import type { Charge } from "../../models/domain/charge.ts";
import type { UsageStore } from "../usage-store.ts";

/** A store that several gateways share, and what passes without a reservation while it is away. */
export interface SharedUsageStore extends UsageStore {
  /** Counts what a request used without a reservation, once for each id, however often it is asked to. */
  count(id: string, charges: readonly Charge[], used: readonly number[]): Promise<void>;
  attach(uncounted: UncountedRequests): void;
}

/** Requests that passed without a reservation, and that the store does not have yet. */
export interface UncountedRequests {
  /** How many of them run. */
  readonly open: () => number;
  /** The counters were made anew, and have those that were over. */
  readonly onRebuilt: () => void;
}
