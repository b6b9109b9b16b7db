import { z } from "zod";
import { eventId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

/** Something that a person, or a program with their token, has done at the control API, whether it succeeded or not. */
export const adminAction = z.object({
  action_id: eventId,
  ts: timestampMs,
  role: z.enum(["admin", "viewer", "nobody"]),
  /** How they were known: signed in at the panel, or by a token that came with the call. */
  via: z.enum(["panel", "token"]),
  /** Names one session of the panel without being of use to open it; empty: none. */
  session: z.string().max(16),
  /** The client's network address, as far as trusted proxies tell it. */
  address: z.string().max(64),
  /** In words: what the call is for. */
  action: z.string().min(1).max(200),
  method: z.string().max(8),
  /** With `:id` for what `subject` holds. */
  path: z.string().max(200),
  /** Whom or what it is about: the id of a user, directive, alert, key; empty: it is said in `details`. */
  subject: z.string().max(200),
  /** What was sent, as JSON; empty: nothing. Never a secret. */
  details: z.string(),
  /** The HTTP status of the answer. */
  status: z.number().int().min(0).max(999),
  /** A code of the closed list; empty: it was done. */
  error: z.string().max(64),
});
export type AdminAction = z.infer<typeof adminAction>;
