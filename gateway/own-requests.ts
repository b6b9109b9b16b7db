import type { AppId, RequestId, UserId } from "../models/domain/ids.ts";
import { openGenerations } from "./generations.ts";

/** Requests that are remembered at once: twice this many, some hours of them. */
const MAX_IN_GENERATION = 50_000;
/** Clocks of gateways differ by less. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;
/** Metrics find the request of a rating that far back. */
export const RATEABLE_MS = 7 * 86_400_000;

/** Who asked for what through this gateway lately, so that a rating of something else is refused: in memory only. */
export interface OwnRequests {
  add(request: { readonly id: RequestId; readonly app: AppId; readonly user: UserId }): void;
  /**
   * Whether a request may be rated by a user of an app. `unknown`: this gateway cannot tell, since another one may have answered it,
   * or this one before it was started; the warehouse counts only ratings of requests that it has.
   */
  rateable(request: { readonly id: RequestId; readonly app: AppId; readonly user: UserId }): Rateable;
  /** What an erased user has asked is nobody's any more. */
  forget(userId: string): void;
}

export type Rateable = "yes" | "no" | "too-old" | "unknown";

export interface OwnRequestsOptions {
  /** No other gateway serves the same users. */
  readonly isAlone: boolean;
  /** Any UUID of version 7 that is made now: request ids are compared by the clock that makes them. */
  readonly newId: () => string;
  readonly maxInGeneration?: number;
}

export function openOwnRequests({ isAlone, newId, maxInGeneration }: OwnRequestsOptions): OwnRequests {
  const startedMs = timeOfUuid(newId()) ?? Number.POSITIVE_INFINITY;
  const askers = openGenerations<string>({ maxInGeneration: maxInGeneration ?? MAX_IN_GENERATION });
  return {
    forget: (userId) => askers.forget((_id, asker) => asker.endsWith(` ${userId}`)),
    add: ({ id, app, user }) => askers.set(id, askerOf(app, user), timeOfUuid(id) ?? startedMs),
    rateable({ id, app, user }) {
      const asker = askers.get(id);
      if (asker !== undefined) return asker === askerOf(app, user) ? "yes" : "no";
      const madeMs = timeOfUuid(id);
      const nowMs = timeOfUuid(newId()) ?? 0;
      // Every gateway makes ids of version 7, which tell when.
      if (madeMs === null || madeMs > nowMs + MAX_CLOCK_SKEW_MS) return "no";
      if (madeMs < nowMs - RATEABLE_MS) return "too-old";
      const knownSinceMs = Math.max(startedMs, askers.completeSinceMs() ?? 0);
      return isAlone && madeMs > knownSinceMs ? "no" : "unknown";
    },
  };
}

/** Neither an app's id nor a user's has a space. */
function askerOf(app: AppId, user: UserId): string {
  return `${app} ${user}`;
}

/** The milliseconds since the epoch that a UUID of version 7 begins with; null = it is of another version. */
function timeOfUuid(id: string): number | null {
  return id[14] === "7" ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}
