import { z } from "zod";
import { eventId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

/** A cost that no request event carries: infrastructure, support, or a provider's invoice to compare with. */
export const costEvent = z.object({
  event_id: eventId,
  ts: timestampMs,
  kind: z.enum(["infrastructure", "support", "invoice"]),
  /** The provider, for an invoice. */
  provider: z.string(),
  /** Nano-dollars; negative for a credit. */
  amount: z.number().int(),
  /** The days it covers, `YYYY-MM-DD`, both included. */
  from_date: z.iso.date(),
  to_date: z.iso.date(),
  note: z.string().max(500),
});
export type CostEvent = z.infer<typeof costEvent>;
