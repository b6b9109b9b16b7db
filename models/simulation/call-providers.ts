import { costOf, priceAt, type TokenUsage } from "../domain/price.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import { drawQuality } from "./draw-quality.ts";
import type { Incident } from "./incident.ts";
import { drawFailure, drawTimes, type ProviderBehaviour, roundMs } from "./provider-behaviour.ts";
import type { Random } from "./random.ts";

export interface RoutedBehaviour {
  readonly behaviour: ProviderBehaviour;
  readonly reason: string;
}

interface Circumstances {
  readonly usage: TokenUsage;
  readonly incidents: readonly Incident[];
  readonly maxOutputTokens: number;
  readonly random: Random;
}

const STREAM_SHARE = 0.6;
const ABORT_SHARE = 0.004;
const MAX_ATTEMPTS = 3;

/** Calls the providers in order until one answers, and writes into the event what came of it. */
export function callProviders(
  event: RequestEvent,
  candidates: readonly RoutedBehaviour[],
  circumstances: Circumstances,
): void {
  for (const { behaviour, reason } of candidates) {
    if (event.attempts.length === MAX_ATTEMPTS) break;
    event.provider = behaviour.provider.name;
    event.model = behaviour.provider.model;
    event.route_reason = reason;
    const failure = drawFailure(behaviour, circumstances.incidents, circumstances.random);
    if (failure === null) {
      answer(event, behaviour, circumstances);
      return;
    }
    event.attempts.push(failure);
    event.provider_ms += failure.ms;
  }
  const timedOut = event.attempts.at(-1)?.outcome === "timeout";
  event.outcome = "failed";
  event.denial_reason = timedOut ? "provider_timeout" : "provider_error";
  event.http_status = timedOut ? 504 : 502;
  close(event);
}

function answer(event: RequestEvent, behaviour: ProviderBehaviour, circumstances: Circumstances): void {
  const { usage, incidents, maxOutputTokens, random } = circumstances;
  const aborted = random() < ABORT_SHARE;
  const output = aborted ? Math.ceil(usage.output / 2) : usage.output;
  const times = drawTimes(behaviour, { outputTokens: output + usage.reasoning, incidents }, random);
  const price = priceAt(behaviour.provider.prices, event.ts);
  event.outcome = aborted ? "aborted" : "ok";
  event.http_status = 200;
  event.stream = random() < STREAM_SHARE;
  if (event.stream) event.ttft_ms = roundMs(event.provider_ms + times.firstTokenMs);
  event.attempts.push({ provider: event.provider, outcome: event.outcome, ms: roundMs(times.totalMs) });
  event.provider_ms += times.totalMs;
  event.input_tokens = usage.input;
  event.cached_input_tokens = usage.cachedInput;
  event.output_tokens = output;
  event.reasoning_tokens = usage.reasoning;
  event.cost = price === undefined ? 0 : costOf({ ...usage, output }, price);
  if (!aborted) drawQuality(event, { provider: behaviour.provider, maxOutputTokens });
  close(event);
}

function close(event: RequestEvent): void {
  event.provider_ms = roundMs(event.provider_ms);
  event.latency_ms = roundMs(event.provider_ms + event.overhead_us / 1000);
}
