import { z } from "zod";
import { SCOPES } from "../../models/domain/charge.ts";
import { type Reservation, requestOfReservation } from "../usage-store.ts";
import type { RedisConnection } from "./connection.ts";
import type { Keys } from "./keys.ts";

/** A reservation as another gateway reads it. JSON has no infinity: a limit of null stands for it. */
const storedReservation = z.object({
  id: z.string(),
  expiresAtMs: z.number(),
  reservedAtMs: z.number(),
  memo: z.string(),
  charges: z.array(
    z.object({
      scope: z.enum(SCOPES),
      unit: z.enum(["requests", "nano-usd"]),
      key: z.string(),
      amount: z.number().int().nonnegative(),
      limit: z
        .number()
        .nullable()
        .transform((limit) => limit ?? Number.POSITIVE_INFINITY),
      windowEndsAtMs: z.number(),
    }),
  ),
});
export type StoredReservation = z.infer<typeof storedReservation>;

export function encodeReservation(
  { id, expiresAtMs, memo, charges }: Reservation,
  reservedAtMs: number,
): string {
  // `JSON.stringify` writes infinity as null.
  return JSON.stringify({ id, expiresAtMs, reservedAtMs, memo, charges });
}

/** Null: no gateway of this version wrote it, or it has ended (`end.lua`). It must not keep the others from being read. */
export function decodeReservation(text: string): StoredReservation | null {
  try {
    return storedReservation.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** More than a request ever makes (`maxHops`). */
const MAX_ATTEMPTS = 8;

/** And the ids of all other attempts of their requests, which were made by the same gateway: whoever died has died with all of them. */
export function withSiblings(ids: readonly string[]): string[] {
  const all = new Set(ids);
  for (const request of new Set(ids.map(requestOfReservation)))
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) all.add(`${request}/${attempt}`);
  return [...all];
}

/** Those that are open. */
export async function loadReservations(
  redis: RedisConnection,
  keys: Keys,
  ids: readonly string[],
): Promise<StoredReservation[]> {
  const texts = await Promise.all(ids.map((id) => redis.get(keys.reservation(id))));
  return texts.flatMap((text) => (text === null ? [] : (decodeReservation(text) ?? [])));
}

export function withoutTime({ reservedAtMs: _, ...reservation }: StoredReservation): Reservation {
  return reservation;
}
