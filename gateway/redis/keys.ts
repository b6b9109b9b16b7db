import type { Charge } from "../../models/domain/charge.ts";
import { forgottenAtMs } from "../usage-journal/ledger.ts";

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
  /** The number of the last rebuild; there as long as Redis has all counters: what has lost them has lost it, too. */
  readonly epoch: string;
  /** What is to be known of the last rebuild. */
  readonly rebuilt: string;
  /** Who rebuilds. */
  readonly rebuildLock: string;
  /** What the gateways say of themselves until that can begin. */
  readonly reports: string;
  /** How often a gateway has changed counters. */
  mark(gateway: string): string;
  counter(key: string): string;
  reservation(id: string): string;
  /** Remembers that what a request used without a reservation was counted. */
  counted(id: string): string;
}

export function keysOf(prefix: string): Keys {
  const tag = `{${prefix}}`;
  return {
    open: `${tag}:open`,
    claims: `${tag}:claims`,
    recorded: `${tag}:recorded`,
    // The names of the version that had no numbers: its counters are taken over.
    epoch: `${tag}:whole`,
    rebuilt: `${tag}:rebuilt`,
    rebuildLock: `${tag}:recount-lock`,
    reports: `${tag}:reports`,
    mark: (gateway) => `${tag}:mark:${gateway}`,
    counter: (key) => `${tag}:counter:${key}`,
    reservation: (id) => `${tag}:reservation:${id}`,
    counted: (id) => `${tag}:counted:${id}`,
  };
}

/** The end of a window that never ends: ECMAScript's last moment. */
const NEVER_MS = 8.64e15;

/** When the counter may go, milliseconds; `0`: never. */
export function expiryOf(counter: Pick<Charge, "scope" | "windowEndsAtMs">): string {
  return counter.windowEndsAtMs >= NEVER_MS ? "0" : String(Math.ceil(forgottenAtMs(counter)));
}
