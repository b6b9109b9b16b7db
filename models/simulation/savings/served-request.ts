import { NO_TOKENS, type TokenUsage } from "../../domain/price.ts";
import type { PastRequest } from "../past-request.ts";
import type { Ask } from "./ask.ts";

/** What became of a request: as the warehouse would hold it, and what only the simulation knows. */
export interface ServedRequest extends PastRequest {
  /** What its user thinks of the answer, 1 to 5, whether he says so or not; 0 = there is none. */
  readonly liked: number;
}

type Outcome = Pick<ServedRequest, "outcome"> &
  Partial<
    Omit<
      ServedRequest,
      "outcome" | "input_tokens" | "cached_input_tokens" | "output_tokens" | "reasoning_tokens"
    >
  > & { readonly usage?: TokenUsage };

/** Field by field, so that all have one shape. */
export function servedRequest(ask: Ask, outcome: Outcome): ServedRequest {
  const usage = outcome.usage ?? NO_TOKENS;
  return {
    ts: ask.ts,
    user_id: ask.userId,
    tier: ask.tier,
    feature: ask.feature,
    requested_model: ask.requestedModel,
    route_reason: outcome.route_reason ?? "",
    outcome: outcome.outcome,
    denial_reason: outcome.denial_reason ?? "",
    latency_ms: outcome.latency_ms ?? 0,
    input_tokens: usage.input,
    cached_input_tokens: usage.cachedInput,
    output_tokens: usage.output,
    reasoning_tokens: usage.reasoning,
    cost: outcome.cost ?? 0,
    cache_saved: outcome.cache_saved ?? 0,
    source: "live",
    first_provider: outcome.first_provider ?? "",
    provider: outcome.provider ?? "",
    rating: outcome.rating ?? 0,
    liked: outcome.liked ?? 0,
  };
}
