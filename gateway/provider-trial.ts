import type { PublicError } from "../models/domain/errors.ts";
import type { TokenUsage } from "../models/domain/price.ts";
import { boundTokens, outputLimit } from "../models/policy/estimate.ts";
import { extraCost } from "../models/policy/extra-cost.ts";
import type { Candidate } from "../models/policy/route.ts";
import { type AdmissionResult, admit, type Hold, settle } from "./admission.ts";
import { bill, reportOfFailure, sumOf } from "./billing.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import type { HealthCall } from "./health/deployment-health.ts";
import type { NotNow } from "./health/provider-health.ts";
import { callProvider } from "./provider-call.ts";
import type { ProviderAnswer, ProviderFailure } from "./providers/provider-client.ts";
import { ClientGone } from "./read-body.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { RoutedRequest } from "./routing.ts";
import type { CallTrace } from "./tracing/tracing.ts";

/** A provider's answer, and the reservation that pays for it. */
export interface WonAnswer {
  readonly candidate: Candidate;
  /** As the event tells it. */
  readonly routeReason: string;
  readonly hold: Hold;
  readonly answer: Exclude<ProviderAnswer, ProviderFailure>;
  /** What the provider reported; null = it did not, or a stream has not yet. */
  readonly usage: TokenUsage | null;
  readonly calledAtMs: number;
  /** Of a stream: its end is to be told. */
  readonly call: HealthCall;
  readonly trace: CallTrace | null;
}

export type Trial =
  | { readonly kind: "won"; readonly won: WonAnswer }
  | { readonly kind: "failed"; readonly failure: ProviderFailure }
  | { readonly kind: "denied"; readonly denial: PublicError; readonly isFinal: boolean }
  | { readonly kind: "not-now"; readonly why: NotNow | "explored" };

/** What the trials of one request share. */
export type Work = Pick<Exchange, "draft" | "settlements" | "tried" | "afterwards" | "trace" | "isGone">;

export interface TrialQuestion {
  readonly work: Work;
  readonly candidate: Candidate;
  /** Wait for requests in flight to leave room in the budget. */
  readonly patient: boolean;
  /** Why it is not the first: `retry`, `fallback`, `hedge`; null = it is. */
  readonly because: string | null;
  /** It is reserved for, and made now. */
  readonly onCalled?: () => void;
}

/** One call to one provider: reserved for, made, and what it failed by put into the books. */
export async function tryCandidate(
  gateway: Gateway,
  asked: RoutedRequest,
  question: TrialQuestion,
): Promise<Trial> {
  const { work, candidate } = question;
  const { draft, tried } = work;
  const call = gateway.health.begin(candidate.provider, { kind: draft.stream ? "stream" : "json", tried });
  if (typeof call === "string") return { kind: "not-now", why: call };
  tried.add(call.deploymentId);
  let isWon = false;
  try {
    const routeReason = describeTrial(asked, question);
    const { provider, explorationLimit } = candidate;
    const { facts, tier } = asked;
    const prepared = gateway.providers.of(call.target).prepare({
      request: asked,
      facts,
      target: call.target,
      maxOutputTokens: outputLimit(facts, tier),
    });
    if (prepared.kind === "failure") {
      draft.attempts.push({ provider: provider.name, outcome: prepared.failure, ms: 0 });
      return { kind: "failed", failure: prepared };
    }
    const extra = extraCost(provider, prepared.extraParameters);
    const tokens = boundTokens(facts, tier, provider.model, {
      textBytes: prepared.textBytes,
      extraInputTokens: extra.inputTokens,
    });
    const admission = await admit(gateway, {
      asked,
      work,
      provider,
      explorationLimit,
      tokens,
      extraFee: extra.fee,
      hop: work.settlements.length,
      patient: question.patient,
      priorCostNano: sumOf(work.settlements),
    });
    if (!admission.ok) return notAdmitted(admission);
    const { hold } = admission;
    const settlement = { hold, costNano: 0, isSettled: false };
    work.settlements.push(settlement);
    // It may have waited for room; nobody pays for an answer that nobody waits for.
    if (work.isGone()) throw new ClientGone();
    settlement.costNano = hold.bound;
    question.onCalled?.();
    const timeoutMs = Math.max(1, Math.min(provider.timeoutMs, leftMs(gateway, work)));
    const { trace: requestTrace } = work;
    const sending = { draft, tokens, prepared, call, timeoutMs, trace: requestTrace };
    const called = await callProvider(gateway, asked, sending);
    const { answer, usage, calledAtMs, trace } = called;
    if (answer.kind === "failure")
      return await billFailure(gateway, answer, { work, hold, provider: provider.name });
    isWon = true;
    const won = { candidate, routeReason, hold, call, answer, usage, calledAtMs, trace };
    return { kind: "won", won };
  } finally {
    // Changes nothing where its end was told.
    if (!isWon) call.cancel();
  }
}

function notAdmitted({ denial, unit, explored }: Extract<AdmissionResult, { ok: false }>): Trial {
  return explored
    ? { kind: "not-now", why: "explored" }
    : { kind: "denied", denial, isFinal: unit === "requests" };
}

/** What the event says of the call, and why it is made, which a call beside it may overwrite in the draft meanwhile. */
function describeTrial(asked: RoutedRequest, { work, candidate, because }: TrialQuestion): string {
  const { draft } = work;
  const routeReason = because === null ? candidate.reason : `${because}:${candidate.reason}`;
  describeRoute(draft, { candidate, routeReason });
  // Where the first choice could not be called, nobody knows how likely this one was.
  if (because === null)
    draft.propensity = candidate === asked.candidates[0] ? (candidate.propensity ?? 1) : 0;
  return routeReason;
}

async function billFailure(
  gateway: Gateway,
  failure: ProviderFailure,
  { work, hold, provider }: { readonly work: Work; readonly hold: Hold; readonly provider: string },
): Promise<Trial> {
  const { draft, settlements } = work;
  const { costNano } = bill(gateway, {
    draft,
    settlements,
    provider,
    hold,
    report: reportOfFailure(failure),
  });
  const settlement = settlements.find((entry) => entry.hold === hold);
  // What costs nothing must not take the room of the provider that is tried next.
  if (settlement !== undefined && costNano === 0 && failure.failure !== "rejected") {
    await settle(gateway, hold, 0);
    settlement.isSettled = true;
  }
  return { kind: "failed", failure };
}

export function describeRoute(
  draft: RequestDraft,
  { candidate: { provider }, routeReason }: Pick<WonAnswer, "candidate" | "routeReason">,
): void {
  draft.provider = provider.name;
  draft.model = provider.model;
  draft.routeReason = routeReason;
}

/** Of the time that one request may take, all calls together. */
export function leftMs(gateway: Gateway, { draft }: Pick<Work, "draft">): number {
  return gateway.limits.deadlineMs - (gateway.monotonicMs() - draft.startedMs);
}
