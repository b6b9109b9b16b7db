import type { FeedbackEvent } from "../../models/domain/feedback-event.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { UserEvent } from "../../models/domain/user-event.ts";

/** Where a row stands in the log, or would stand. */
export interface Place {
  readonly partition: string;
  readonly offset: number;
}

/**
 * A request's row as one line of JSON. By hand, because `JSON.stringify` takes longer than the whole simulation of the event;
 * a test holds it to what the event says.
 */
export function requestLine(event: RequestEvent, { partition, offset }: Place): string {
  const attempts = event.attempts
    .map(({ provider, outcome, ms }) => `{"provider":${text(provider)},"outcome":"${outcome}","ms":${ms}}`)
    .join(",");
  return (
    `{"event_id":"${event.event_id}","request_id":"${event.request_id}","ts":${event.ts},` +
    `"app_id":${text(event.app_id)},"user_id":${JSON.stringify(event.user_id)},"tier":${text(event.tier)},` +
    `"feature":${text(event.feature)},"country":${text(event.country)},"device":${text(event.device)},` +
    `"controls_version":${text(event.controls_version)},"requested_model":${text(event.requested_model)},` +
    `"needs":[${event.needs.map(text).join(",")}],` +
    `"provider":${text(event.provider)},"model":${text(event.model)},"route_reason":${text(event.route_reason)},` +
    `"propensity":${event.propensity},` +
    `"attempts":[${attempts}],"outcome":"${event.outcome}","denial_reason":${text(event.denial_reason)},` +
    `"http_status":${event.http_status},"stream":${event.stream},"latency_ms":${event.latency_ms},` +
    `"ttft_ms":${event.ttft_ms},"provider_ms":${event.provider_ms},"overhead_us":${event.overhead_us},` +
    `"input_tokens":${event.input_tokens},"cached_input_tokens":${event.cached_input_tokens},` +
    `"output_tokens":${event.output_tokens},"reasoning_tokens":${event.reasoning_tokens},` +
    `"cost":${event.cost},"cache_saved":${event.cache_saved},"cache_saved_ms":${event.cache_saved_ms},` +
    `"cut_off":${event.cut_off},"empty":${event.empty},"refused":${event.refused},"filtered":${event.filtered},` +
    `"invalid_json":${event.invalid_json},"asked_again_of":${text(event.asked_again_of)},"source":"${event.source}",` +
    `"log_partition":${text(partition)},"log_offset":${offset}}`
  );
}

export function otherLine(event: FeedbackEvent | UserEvent, { partition, offset }: Place): string {
  return JSON.stringify({ ...event, log_partition: partition, log_offset: offset });
}

/** The few strings that come again and again, as JSON. */
const MAX_KNOWN = 10_000;
const known = new Map<string, string>();

function text(value: string): string {
  const quoted = known.get(value);
  if (quoted !== undefined) return quoted;
  if (known.size >= MAX_KNOWN) known.clear();
  const fresh = JSON.stringify(value);
  known.set(value, fresh);
  return fresh;
}
