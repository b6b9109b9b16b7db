import { z } from "zod";
import { catalogName, eventId, type UserId, userId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

const base = { event_id: eventId, user_id: userId, ts: timestampMs };

/**
 * The life of an end user. `seen` is written by a gateway that meets an unknown user and never overrides a `set`,
 * so the two may arrive in any order.
 */
export const userEvent = z.discriminatedUnion("type", [
  z.object({ ...base, type: z.literal("seen"), tier: catalogName }),
  z.object({ ...base, type: z.literal("set"), tier: catalogName, actor: z.string() }),
  z.object({ ...base, type: z.literal("erased"), actor: z.string() }),
]);
export type UserEvent = z.infer<typeof userEvent>;

/** An end user as the control API shows it. */
export const user = z.object({
  id: userId,
  tier: catalogName,
  createdAt: z.number().int(),
  /** When the tier was last set by somebody; null while it is the default that the first request gave. */
  tierUpdatedAt: z.number().int().nullable(),
});
export type User = z.infer<typeof user>;

/** Everything that is known of an id. */
export interface UserRecord {
  /** Who has the id; null: nobody has. */
  readonly user: User | null;
  /** When who had the id before was erased; 0: nobody was. Events up to then belong to nobody any more. */
  readonly erasedAtMs: number;
  /** What came after the erasure, by time. */
  readonly moments: readonly Moment[];
}

interface Moment {
  readonly ts: number;
  /** Of the event; of two in the same millisecond the later id is the later one. */
  readonly id: string;
  readonly tier: string;
  /** Set by somebody, not met by a gateway. */
  readonly isSet: boolean;
}

/** Of an id's moments since its erasure so many are kept: the first, and the last ones. */
const MAX_MOMENTS = 16;
const NOBODY: UserRecord = { user: null, erasedAtMs: 0, moments: [] };

/**
 * What is known after one more event. Partitions are read one after the other, so events arrive in any order, and any order
 * gives the same: an erasure that arrives late ends the life before it and not the one after it.
 */
export function applyUserEvent(known: UserRecord | undefined, event: UserEvent): UserRecord {
  const { user, erasedAtMs, moments } = known ?? NOBODY;
  if (event.ts <= erasedAtMs) return { user, erasedAtMs, moments };
  if (event.type === "erased") {
    const later = moments.filter(({ ts }) => ts > event.ts);
    return { user: foldMoments(event.user_id, later), erasedAtMs: event.ts, moments: later };
  }
  const moment: Moment = { ts: event.ts, id: event.event_id, tier: event.tier, isSet: event.type === "set" };
  const all = [...moments.filter((other) => order(other, moment) !== 0), moment].sort(order);
  const kept = all.length > MAX_MOMENTS ? [...all.slice(0, 1), ...all.slice(1 - MAX_MOMENTS)] : all;
  return { user: foldMoments(event.user_id, kept), erasedAtMs, moments: kept };
}

function order(a: Moment, b: Moment): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  if (a.isSet !== b.isSet) return a.isSet ? 1 : -1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** The latest `set` decides the tier, else the earliest `seen`; the earliest event is the creation. */
function foldMoments(id: UserId, moments: readonly Moment[]): User | null {
  const [first] = moments;
  if (first === undefined) return null;
  const set = moments.findLast(({ isSet }) => isSet);
  return { id, tier: (set ?? first).tier, createdAt: first.ts, tierUpdatedAt: set?.ts ?? null };
}
