import type { RequestEvent } from "../domain/request-event.ts";

/** What the replay needs of a recorded request: a part of its event, and what was said of its answer. */
export interface PastRequest
  extends Readonly<
    Pick<
      RequestEvent,
      | "ts"
      | "tier"
      | "feature"
      | "requested_model"
      | "route_reason"
      | "outcome"
      | "denial_reason"
      | "latency_ms"
      | "input_tokens"
      | "cached_input_tokens"
      | "output_tokens"
      | "reasoning_tokens"
      | "cost"
      | "cache_saved"
      | "source"
    >
  > {
  readonly user_id: string;
  /** The one that was called first; empty: none was. */
  readonly first_provider: string;
  /** The one whose answer (or failure) it was; empty: none was called. */
  readonly provider: string;
  /** Absent: nothing that not every model can do. */
  readonly needs?: RequestEvent["needs"];
  /** 1 to 5; 0 = nobody has rated it. */
  readonly rating: number;
}

/** Field by field: a million of these are held at once, and all have one shape. */
export function pastRequest(event: RequestEvent, rating = 0): PastRequest {
  return {
    ts: event.ts,
    user_id: event.user_id,
    tier: event.tier,
    feature: event.feature,
    requested_model: event.requested_model,
    needs: event.needs,
    route_reason: event.route_reason,
    outcome: event.outcome,
    denial_reason: event.denial_reason,
    latency_ms: event.latency_ms,
    input_tokens: event.input_tokens,
    cached_input_tokens: event.cached_input_tokens,
    output_tokens: event.output_tokens,
    reasoning_tokens: event.reasoning_tokens,
    cost: event.cost,
    cache_saved: event.cache_saved,
    source: event.source,
    first_provider: event.attempts[0]?.provider ?? event.provider,
    provider: event.provider,
    rating,
  };
}
