import { z } from "zod";
import { appId, eventId, requestId, userId } from "./ids.ts";

/** What became of a request. `orphaned`: the gateway died between the reservation and the end; billed at its bound. */
export const outcome = z.enum(["ok", "cached", "denied", "failed", "aborted", "orphaned"]);
export type Outcome = z.infer<typeof outcome>;

/** One call to one provider. A request has none (denied, cached), one, or several (retries and fallbacks). */
export const attempt = z.object({
  provider: z.string(),
  /** `ok`, `aborted`, or the class of the failure. */
  outcome: z.enum([
    "ok",
    "aborted",
    "timeout",
    "connection",
    "rate-limited",
    "server-error",
    "rejected",
    "invalid-answer",
  ]),
  ms: z.number().nonnegative(),
});
export type Attempt = z.infer<typeof attempt>;

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/**
 * One per request, whatever became of it; written once, when it is over. Field names are the warehouse's columns.
 * It never holds a prompt or an answer. Empty string = not known or not applicable.
 */
export const requestEvent = z.object({
  event_id: eventId,
  request_id: requestId,
  /** When the request came in: milliseconds since the epoch. */
  ts: z.number().int().nonnegative(),
  app_id: z.union([appId, z.literal("")]),
  user_id: z.union([userId, z.literal("")]),
  tier: z.string(),
  feature: z.string(),
  /** ISO 3166-1 alpha-2, upper case. */
  country: z.string(),
  device: z.string(),
  controls_version: z.string(),
  requested_model: z.string(),
  provider: z.string(),
  model: z.string(),
  route_reason: z.string(),
  attempts: z.array(attempt),
  outcome,
  /** The error code of a denied or failed request. */
  denial_reason: z.string(),
  http_status: count,
  stream: z.boolean(),
  latency_ms: ms,
  /** Time to the first token of a stream; 0 for JSON. */
  ttft_ms: ms,
  /** Time spent waiting for providers, all attempts. */
  provider_ms: ms,
  /** The gateway's own time on this request, microseconds. */
  overhead_us: count,
  input_tokens: count,
  cached_input_tokens: count,
  output_tokens: count,
  reasoning_tokens: count,
  /** Nano-dollars. */
  cost: count,
  /** Nano-dollars that a cached answer avoided. */
  cache_saved: count,
  /** Which source made it: `live` traffic, or `simulated` history and demo traffic. */
  source: z.enum(["live", "simulated"]),
});
export type RequestEvent = z.infer<typeof requestEvent>;
