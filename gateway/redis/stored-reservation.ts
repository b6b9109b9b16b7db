import { z } from "zod";
import { SCOPES } from "../../models/domain/charge.ts";
import type { Reservation } from "../usage-store.ts";

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

/** Null: no gateway of this version wrote it. It must not keep the others from being read. */
export function decodeReservation(text: string): StoredReservation | null {
  try {
    return storedReservation.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
