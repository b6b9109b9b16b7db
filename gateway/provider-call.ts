import type { TokenUsage } from "../models/domain/price.ts";
import type { TokenBound } from "../models/policy/estimate.ts";
import type { Gateway } from "./gateway.ts";
import type { HealthCall } from "./health/deployment-health.ts";
import type { PreparedCall, ProviderAnswer } from "./providers/provider-client.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { RoutedRequest } from "./routing.ts";
import type { CallTrace, RequestTrace } from "./tracing/tracing.ts";

export interface CallWork {
  readonly draft: RequestDraft;
  readonly tokens: TokenBound;
  readonly prepared: PreparedCall;
  readonly call: HealthCall;
  readonly timeoutMs: number;
  readonly trace: RequestTrace | null;
}

export interface CalledProvider {
  readonly answer: ProviderAnswer;
  /** What the provider reported; null = it did not, or a stream has not yet. */
  readonly usage: TokenUsage | null;
  readonly calledAtMs: number;
  /** Of a stream it is still to be ended. */
  readonly trace: CallTrace | null;
}

/** One call, its time and its outcome told to the draft and to the provider's health; but for a stream, which has only begun. */
export async function callProvider(
  gateway: Gateway,
  asked: RoutedRequest,
  { draft, tokens, prepared, call, timeoutMs, trace: requestTrace }: CallWork,
): Promise<CalledProvider> {
  const { target } = call;
  const calledAtMs = gateway.monotonicMs();
  const { maxOutputTokens } = tokens;
  const trace = requestTrace?.beginCall({ target, request: asked, maxOutputTokens }) ?? null;
  const answer = await prepared.send({
    headers: trace?.headers,
    timeoutMs,
    firstByteTimeoutMs: draft.stream ? target.firstByteTimeoutMs : undefined,
    idleTimeoutMs: draft.stream ? target.idleTimeoutMs : undefined,
  });
  const ms = gateway.monotonicMs() - calledAtMs;
  const usage = answer.kind === "json" ? answer.usage : null;
  // A stream's time is added when it is over.
  if (answer.kind === "stream") {
    call.answered();
    return { answer, usage, calledAtMs, trace };
  }
  draft.providerMs += ms;
  const outcome = answer.kind === "failure" ? answer.failure : "ok";
  draft.attempts.push({ provider: target.name, outcome, ms: Math.round(ms * 1000) / 1000 });
  call.end(outcome, answer.kind === "failure" ? answer.retryAfterSeconds : null);
  trace?.end({ outcome, usage, model: answer.kind === "json" ? answer.model : "" });
  return { answer, usage, calledAtMs, trace };
}
