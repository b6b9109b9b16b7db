import type { RequestEvent } from "../domain/request-event.ts";

type Given =
  | "event_id"
  | "request_id"
  | "ts"
  | "app_id"
  | "user_id"
  | "tier"
  | "feature"
  | "controls_version";

/** A request to `auto` of which nothing has become yet. Field by field: of a million of these, all have one shape. */
export function blankEvent(given: Pick<RequestEvent, Given>): RequestEvent {
  return {
    event_id: given.event_id,
    request_id: given.request_id,
    ts: given.ts,
    app_id: given.app_id,
    user_id: given.user_id,
    tier: given.tier,
    feature: given.feature,
    controls_version: given.controls_version,
    country: "",
    device: "",
    requested_model: "auto",
    needs: [],
    provider: "",
    model: "",
    route_reason: "",
    propensity: 0,
    attempts: [],
    outcome: "ok",
    denial_reason: "",
    http_status: 0,
    stream: false,
    latency_ms: 0,
    ttft_ms: 0,
    provider_ms: 0,
    overhead_us: 0,
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    cost: 0,
    cache_saved: 0,
    cache_saved_ms: 0,
    cut_off: false,
    empty: false,
    refused: false,
    filtered: false,
    invalid_json: false,
    asked_again_of: "",
    source: "simulated",
  };
}
