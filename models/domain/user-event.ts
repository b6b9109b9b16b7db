import { z } from "zod";
import { catalogName, eventId, userId } from "./ids.ts";
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

/**
 * The user after one more event; null = erased or never seen. Order-independent for `seen` and `set`:
 * the latest `set` decides the tier, the earliest event the creation.
 */
export function applyUserEvent(known: User | null, event: UserEvent): User | null {
  if (event.type === "erased") return known !== null && known.createdAt > event.ts ? known : null;
  const createdAt = known === null ? event.ts : Math.min(known.createdAt, event.ts);
  const setBefore = known?.tierUpdatedAt ?? Number.NEGATIVE_INFINITY;
  if (event.type === "set" && event.ts >= setBefore) {
    return { id: event.user_id, tier: event.tier, createdAt, tierUpdatedAt: event.ts };
  }
  if (known !== null) return { ...known, createdAt };
  return { id: event.user_id, tier: event.tier, createdAt, tierUpdatedAt: null };
}
