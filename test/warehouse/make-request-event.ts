import { v7 as uuidv7 } from "uuid";
import { type RequestEvent, requestEvent } from "../../models/domain/request-event.ts";

/** A served request; what a test is about is given, the rest is plausible. */
export function makeRequestEvent(given: Partial<Record<keyof RequestEvent, unknown>> = {}): RequestEvent {
  return requestEvent.parse({
    event_id: uuidv7(),
    request_id: uuidv7(),
    ts: Date.UTC(2026, 10, 24, 12, 30, 0, 123),
    app_id: "app",
    user_id: "user-1",
    tier: "free",
    feature: "general-advice",
    country: "DE",
    device: "ios",
    controls_version: "c0ffee",
    requested_model: "auto",
    provider: "gemini-flash",
    model: "gemini-2.5-flash",
    route_reason: "tier",
    attempts: [{ provider: "gemini-flash", outcome: "ok", ms: 412.5 }],
    outcome: "ok",
    denial_reason: "",
    http_status: 200,
    stream: false,
    latency_ms: 420.25,
    ttft_ms: 0,
    provider_ms: 412.5,
    overhead_us: 800,
    input_tokens: 100,
    cached_input_tokens: 20,
    output_tokens: 50,
    reasoning_tokens: 5,
    cost: 123_456,
    cache_saved: 0,
    source: "live",
    ...given,
  });
}
