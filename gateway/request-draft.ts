import type { Capability } from "../models/domain/capability.ts";
import type { EventId, RequestId } from "../models/domain/ids.ts";
import {
  cachedTokensOf,
  inputTokensOf,
  NO_TOKENS,
  outputTokensOf,
  type TokenUsage,
} from "../models/domain/price.ts";
import type { Attempt, Outcome, RequestEvent } from "../models/domain/request-event.ts";
import type { RequestAllowance } from "../models/policy/request-allowance.ts";
import { type AnswerQuality, NOTHING_WRONG } from "./quality/answer-quality.ts";

/** `miss`: there was no answer to give again; `bypass`: none was looked for. */
export type CacheStatus = "hit" | "miss" | "bypass";

/** What is known of a request so far. It becomes the request's event when the request is over. */
export interface RequestDraft {
  readonly eventId: EventId;
  readonly requestId: RequestId;
  /** Wall clock at its arrival, ms. */
  readonly ts: number;
  /** Monotonic clock at its arrival, ms. */
  readonly startedMs: number;
  appId: RequestEvent["app_id"];
  userId: RequestEvent["user_id"];
  tier: string;
  feature: string;
  country: string;
  device: string;
  controlsVersion: string;
  requestedModel: string;
  needs: readonly Capability[];
  provider: string;
  model: string;
  routeReason: string;
  /** With which probability the provider that was called first was chosen; 0 = none was, or not by the routing. */
  propensity: number;
  attempts: Attempt[];
  outcome: Outcome;
  denialReason: string;
  httpStatus: number;
  stream: boolean;
  firstTokenMs: number;
  providerMs: number;
  tokens: TokenUsage;
  costNano: number;
  /** What the answer's header says of the cache. */
  cacheStatus: CacheStatus;
  /** Nano-dollars that a cached answer avoided. */
  cacheSavedNano: number;
  /** Of a cached answer: what it took when it was made. */
  cacheMadeMs: number;
  /** Of a provider's complete answer. */
  quality: AnswerQuality;
  /** Who asks what, by a checksum; empty: it does not matter whether it is asked again. */
  question: string;
  /** The provider whose answer to the same question was not enough; empty: there was none. */
  askedAgainOf: string;
  /** For the answer's headers; null = nothing limits the user's requests, or the request was not asked for yet. */
  allowance: RequestAllowance | null;
}

export function newDraft(
  { eventId, requestId }: Pick<RequestDraft, "eventId" | "requestId">,
  { ts, startedMs }: Pick<RequestDraft, "ts" | "startedMs">,
): RequestDraft {
  return {
    eventId,
    requestId,
    ts,
    startedMs,
    appId: "",
    userId: "",
    tier: "",
    feature: "",
    country: "",
    device: "",
    controlsVersion: "",
    requestedModel: "",
    needs: [],
    provider: "",
    model: "",
    routeReason: "",
    propensity: 0,
    attempts: [],
    outcome: "failed",
    denialReason: "",
    httpStatus: 0,
    stream: false,
    firstTokenMs: 0,
    providerMs: 0,
    tokens: NO_TOKENS,
    costNano: 0,
    cacheStatus: "bypass",
    cacheSavedNano: 0,
    cacheMadeMs: 0,
    quality: NOTHING_WRONG,
    question: "",
    askedAgainOf: "",
    allowance: null,
  };
}

/** `endedMs` on the same monotonic clock as the draft's start. */
export function eventOf(draft: RequestDraft, endedMs: number): RequestEvent {
  const latencyMs = endedMs - draft.startedMs;
  const { quality } = draft;
  return {
    event_id: draft.eventId,
    request_id: draft.requestId,
    ts: draft.ts,
    app_id: draft.appId,
    user_id: draft.userId,
    tier: draft.tier,
    feature: draft.feature,
    country: draft.country,
    device: draft.device,
    controls_version: draft.controlsVersion,
    requested_model: draft.requestedModel,
    needs: [...draft.needs],
    provider: draft.provider,
    model: draft.model,
    route_reason: draft.routeReason,
    propensity: draft.propensity,
    attempts: draft.attempts,
    outcome: draft.outcome,
    denial_reason: draft.denialReason,
    http_status: draft.httpStatus,
    stream: draft.stream,
    latency_ms: roundMs(latencyMs),
    ttft_ms: roundMs(draft.firstTokenMs),
    provider_ms: roundMs(draft.providerMs),
    overhead_us: Math.max(0, Math.round((latencyMs - draft.providerMs) * 1000)),
    // Whatever a token costs, it is in exactly one of the four.
    input_tokens: inputTokensOf(draft.tokens) - cachedTokensOf(draft.tokens),
    cached_input_tokens: cachedTokensOf(draft.tokens),
    output_tokens: outputTokensOf(draft.tokens) - draft.tokens.reasoning,
    reasoning_tokens: draft.tokens.reasoning,
    cost: draft.costNano,
    cache_saved: draft.cacheSavedNano,
    cache_saved_ms: draft.cacheMadeMs === 0 ? 0 : roundMs(draft.cacheMadeMs - latencyMs),
    cut_off: quality.cutOff,
    empty: quality.empty,
    refused: quality.refused,
    filtered: quality.filtered,
    invalid_json: quality.invalidJson,
    asked_again_of: draft.askedAgainOf,
    source: "live",
  };
}

function roundMs(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000);
}
