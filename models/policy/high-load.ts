import type { Catalog } from "../domain/catalog.ts";

/** What one gateway sees of its load. */
export interface Load {
  /** Requests that came in during the last 60 s. */
  readonly requestsPerMinute: number;
  /** Users who have a request in work, or had one in the last 60 s. */
  readonly concurrentUsers: number;
}

export interface LoadState {
  readonly high: boolean;
  /** Since when the load has been calm without a break; null = it is not, or the load is not high anyway. */
  readonly calmSinceMs: number | null;
}

export type LoadLimits = NonNullable<Catalog["routing"]["highLoad"]>;

export const NORMAL_LOAD: LoadState = { high: false, calmSinceMs: null };
/** High load is over when both measures have stayed below this share of their limits, */
export const CALM_SHARE = 0.8;
/** for so long. */
export const CALM_FOR_MS = 60_000;

/**
 * The state after one more look: high at once, when either measure reaches its limit; normal again only after a calm minute, so
 * that it does not flicker. Without limits (null), no load is high.
 *
 * While it is high: each user may send `userRequestsPerMinute`, cheap providers come first, and what is cacheable is kept longer.
 */
export function nextLoad(
  state: LoadState,
  load: Load,
  { limits, nowMs }: { readonly limits: LoadLimits | null; readonly nowMs: number },
): LoadState {
  if (limits === null) return NORMAL_LOAD;
  if (shareOf(load, limits) >= 1) return { high: true, calmSinceMs: null };
  if (!state.high) return state;
  if (shareOf(load, limits) >= CALM_SHARE) return { high: true, calmSinceMs: null };
  const calmSinceMs = state.calmSinceMs ?? nowMs;
  return nowMs - calmSinceMs >= CALM_FOR_MS ? NORMAL_LOAD : { high: true, calmSinceMs };
}

/** The nearer of the two measures, as a share of its limit. */
function shareOf(load: Load, limits: LoadLimits): number {
  return Math.max(
    load.requestsPerMinute / limits.requestsPerMinute,
    load.concurrentUsers / limits.concurrentUsers,
  );
}
