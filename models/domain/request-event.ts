import { z } from "zod";
import { capability } from "./capability.ts";
import { appId, eventId, requestId, userId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

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
/** Of an answer by a provider; events of before have none. Independent of each other. */
const signal = z.boolean().default(false);

/**
 * One per request, whatever became of it; written once, when it is over. Field names are the warehouse's columns.
 * It never holds a prompt or an answer. Empty string = not known or not applicable.
 */
export const requestEvent = z.object({
  event_id: eventId,
  request_id: requestId,
  /** When the request came in: milliseconds since the epoch. */
  ts: timestampMs,
  app_id: z.union([appId, z.literal("")]),
  user_id: z.union([userId, z.literal("")]),
  tier: z.string(),
  feature: z.string(),
  /** ISO 3166-1 alpha-2, upper case. */
  country: z.string(),
  device: z.string(),
  controls_version: z.string(),
  requested_model: z.string(),
  /** What not every model can do, and this request needs. */
  needs: z.array(capability).default([]),
  provider: z.string(),
  model: z.string(),
  route_reason: z.string(),
  /** With which probability the routing chose the provider that was called first: 1 = it was certain, 0 = not known. */
  propensity: z.number().min(0).max(1).default(0),
  attempts: z.array(attempt),
  outcome,
  /** The error code of a denied or failed request. */
  denial_reason: z.string(),
  http_status: z.number().int().min(0).max(999),
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
  /** Milliseconds by which a cached answer came sooner than it had when it was made. */
  cache_saved_ms: ms.default(0),
  /** The answer stopped at the output limit. */
  cut_off: signal,
  /** It holds no text, no refusal and no call of a tool. */
  empty: signal,
  /** The model said that it would not. */
  refused: signal,
  /** The provider's filter took it away, or a part of it. */
  filtered: signal,
  /** JSON was asked for, and its text is none. */
  invalid_json: signal,
  /** The provider that had answered the same request of the same user in the minute before; empty: it was not asked again. */
  asked_again_of: z.string().default(""),
  /** Which source made it: `live` traffic, or `simulated` history and demo traffic. */
  source: z.enum(["live", "simulated"]),
});
export type RequestEvent = z.infer<typeof requestEvent>;

/** The outcome as the service is judged by it, like the warehouse's column `result`: what a client asked wrongly is no failure of the service. */
export function judgeOutcome({
  outcome,
  http_status,
}: Pick<RequestEvent, "outcome" | "http_status">): Outcome {
  return outcome === "failed" && http_status >= 400 && http_status <= 499 ? "denied" : outcome;
}
