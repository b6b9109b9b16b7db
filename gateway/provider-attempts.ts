import type { ErrorCode } from "../models/domain/errors.ts";
import { PublicError } from "../models/domain/errors.ts";
import { costOf, type TokenUsage } from "../models/domain/price.ts";
import { boundTokens, type TokenBound } from "../models/policy/estimate.ts";
import type { Candidate } from "../models/policy/route.ts";
import { admit, type Hold, settle } from "./admission.ts";
import { upstreamBody } from "./chat-request.ts";
import type { Gateway } from "./gateway.ts";
import type { ProviderAnswer, ProviderFailure } from "./providers/provider-client.ts";
import { ClientGone } from "./read-body.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { RoutedRequest } from "./routing.ts";
import { tokenUsageOf } from "./token-usage.ts";

/** A provider's answer, and the reservation that pays for it. */
export interface WonAnswer {
  readonly candidate: Candidate;
  readonly hold: Hold;
  readonly tokens: TokenBound;
  readonly answer: Exclude<ProviderAnswer, ProviderFailure>;
  /** What the provider reported; null = it did not, or a stream has not yet. */
  readonly usage: TokenUsage | null;
  readonly calledAtMs: number;
}

/** Each hold that was taken, with what it was billed; settled when the request's event is durable, unless it was before. */
export type Settlements = { readonly hold: Hold; costNano: number; isSettled: boolean }[];

/**
 * Tries the candidates in their order until one answers: each is reserved for by itself, so a fallback passes every limit again.
 * A budget that is too small for a dear provider may be enough for the next one. Throws {@link PublicError} when none answers.
 */
export async function firstAnswer(
  gateway: Gateway,
  asked: RoutedRequest,
  work: { draft: RequestDraft; settlements: Settlements; isGone: () => boolean },
): Promise<WonAnswer> {
  const { draft, settlements, isGone } = work;
  let denial: PublicError | null = null;
  let failure: ProviderFailure | null = null;
  for (const candidate of asked.candidates) {
    if (settlements.length >= gateway.limits.maxHops) break;
    if (isGone()) throw new ClientGone();
    const hop = settlements.length;
    const { provider } = candidate;
    describeRoute(draft, candidate, hop);
    const priorCostNano = settlements.reduce((sum, { costNano }) => sum + costNano, 0);
    const { controls, tier, userId, highLoad } = asked;
    const tokens = boundTokens(asked.facts, tier, provider.model);
    const admission = await admit(gateway, {
      draft,
      controls,
      tier,
      userId,
      provider,
      tokens,
      highLoad,
      hop,
      // While there is another provider to ask, a cheaper one may fit at once.
      patient: candidate === asked.candidates.at(-1),
      isGone,
      priorCostNano,
    });
    if (!admission.ok) {
      denial ??= admission.denial;
      if (admission.unit === "requests") break;
      continue;
    }
    const settlement = { hold: admission.hold, costNano: 0, isSettled: false };
    settlements.push(settlement);
    // It may have waited for room; nobody pays for an answer that nobody waits for.
    if (isGone()) throw new ClientGone();
    const called = await callProvider(gateway, asked, { draft, candidate, tokens });
    if (called.answer.kind !== "failure") {
      return { candidate, hold: admission.hold, tokens, ...called, answer: called.answer };
    }
    failure = called.answer;
    settlement.costNano = costOfFailure(failure, admission.hold);
    draft.costNano = priorCostNano + settlement.costNano;
    if (failure.failure === "rejected") break;
    // What costs nothing must not take the room of the provider that is tried next.
    if (settlement.costNano === 0) {
      await settle(gateway, admission.hold, 0);
      settlement.isSettled = true;
    }
  }
  if (failure !== null) throw failureError(failure);
  if (isGone()) throw new ClientGone();
  throw (
    denial ??
    new PublicError("no_provider", "no provider can be called at the moment", { retryAfterSeconds: 5 })
  );
}

function describeRoute(draft: RequestDraft, { provider, reason }: Candidate, hop: number): void {
  draft.provider = provider.name;
  draft.model = provider.model;
  draft.routeReason = hop === 0 ? reason : `fallback:${reason}`;
}

async function callProvider(
  gateway: Gateway,
  asked: RoutedRequest,
  { draft, candidate, tokens }: { draft: RequestDraft; candidate: Candidate; tokens: TokenBound },
): Promise<{ answer: ProviderAnswer; usage: TokenUsage | null; calledAtMs: number }> {
  const { provider } = candidate;
  const calledAtMs = gateway.monotonicMs();
  const body = upstreamBody(asked.chat, {
    model: provider.model,
    maxOutputTokens: tokens.maxOutputTokens,
  });
  const answer = await gateway.providers
    .of(provider)
    .call({ path: "/chat/completions", body, timeoutMs: provider.timeoutMs });
  const ms = gateway.monotonicMs() - calledAtMs;
  const read = answer.kind === "json" ? readAnswer(answer) : { answer, usage: null };
  // A stream's time is added when it is over.
  if (read.answer.kind !== "stream") {
    draft.providerMs += ms;
    const outcome = read.answer.kind === "failure" ? read.answer.failure : "ok";
    draft.attempts.push({ provider: provider.name, outcome, ms: Math.round(ms * 1000) / 1000 });
  }
  return { ...read, calledAtMs };
}

/** An answer that is no JSON counts as a failure of the provider: nobody is sent what cannot be read. */
function readAnswer(answer: Extract<ProviderAnswer, { kind: "json" }>): {
  answer: ProviderAnswer;
  usage: TokenUsage | null;
} {
  try {
    const parsed: unknown = JSON.parse(answer.body.toString("utf8"));
    const usage =
      parsed !== null && typeof parsed === "object" && "usage" in parsed ? parsed.usage : undefined;
    return { answer, usage: tokenUsageOf(usage) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const failure: ProviderFailure = {
      kind: "failure",
      failure: "invalid-answer",
      status: 200,
      mayBeBilled: true,
      body: Buffer.alloc(0),
      retryAfterSeconds: null,
    };
    return { answer: failure, usage: null };
  }
}

/**
 * What a failed call is billed. A provider that answered with an error status bills nothing. One that broke off, or answered
 * something unreadable, may have done the work: it is billed at the bound, so that the books are never below the provider's.
 */
function costOfFailure({ mayBeBilled }: ProviderFailure, hold: Hold): number {
  return mayBeBilled ? hold.bound : 0;
}

/** What one answer costs: as reported, or at the bound where nothing was. */
export function costOfAnswer(usage: TokenUsage | null, hold: Hold): number {
  return usage === null ? hold.bound : costOf(usage, hold.price);
}

function failureError({ failure, body, retryAfterSeconds }: ProviderFailure): PublicError {
  const more = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  if (failure === "rejected") return new PublicError("provider_rejected", rejection(body), more);
  const code: ErrorCode = failure === "timeout" ? "provider_timeout" : "provider_error";
  const message =
    failure === "timeout" ? "no provider answered in time" : "every provider that could be tried failed";
  return new PublicError(code, `${message} (${failure})`, more);
}

const MAX_REJECTION_CHARACTERS = 500;

/** The provider's own words: they tell the caller what to mend. */
function rejection(body: Buffer): string {
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    const error = parsed !== null && typeof parsed === "object" && "error" in parsed ? parsed.error : null;
    if (
      error !== null &&
      typeof error === "object" &&
      "message" in error &&
      typeof error.message === "string"
    ) {
      return `the provider refused the request: ${error.message.slice(0, MAX_REJECTION_CHARACTERS)}`;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return "the provider refused the request without saying why";
}
