import type { Charge } from "../../models/domain/charge.ts";

/**
 * All keys carry one hash tag, so that a cluster keeps them on one shard: a request's charges are its user's and everybody's, and
 * only on one shard can they be taken all or none. The price is that one shard's speed bounds all gateways together; the other
 * shards can serve other deployments (each has its prefix).
 */
export interface Keys {
  /** Open reservations by the time when they expire. */
  readonly open: string;
  readonly claims: string;
  /** Events that each run of a gateway has recorded. */
  readonly recorded: string;
  /** There as long as Redis has all counters: what has lost them has lost it, too. */
  readonly whole: string;
  /** Who counts them anew. */
  readonly recountLock: string;
  /** What the gateways say of themselves until that can begin. */
  readonly reports: string;
  counter(key: string): string;
  reservation(id: string): string;
}

export function keysOf(prefix: string): Keys {
  const tag = `{${prefix}}`;
  return {
    open: `${tag}:open`,
    claims: `${tag}:claims`,
    recorded: `${tag}:recorded`,
    whole: `${tag}:whole`,
    recountLock: `${tag}:recount-lock`,
    reports: `${tag}:reports`,
    counter: (key) => `${tag}:counter:${key}`,
    reservation: (id) => `${tag}:reservation:${id}`,
  };
}

/** A counter outlives its window by this much, so that a clock that is set back does not find it empty. */
const MINUTE_GRACE_MS = 2 * 60_000;
const WINDOW_GRACE_MS = 60 * 60_000;
/** The end of a window that never ends: ECMAScript's last moment. */
const NEVER_MS = 8.64e15;

/** When the counter may go, milliseconds; `0`: never. */
export function expiryOf({ scope, windowEndsAtMs }: Pick<Charge, "scope" | "windowEndsAtMs">): string {
  if (windowEndsAtMs >= NEVER_MS) return "0";
  return String(Math.ceil(windowEndsAtMs + (scope.endsWith("minute") ? MINUTE_GRACE_MS : WINDOW_GRACE_MS)));
}
