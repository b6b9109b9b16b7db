import type { PublicError } from "../models/domain/errors.ts";
import type { Candidate } from "../models/policy/route.ts";
import type { Gateway } from "./gateway.ts";
import { pause, pauseBeforeRetry } from "./health/retry.ts";
import { tryHedged } from "./hedged-trial.ts";
import { failureError, noProvider } from "./provider-failure.ts";
import {
  leftMs,
  type Trial,
  type TrialQuestion,
  tryCandidate,
  type WonAnswer,
  type Work,
} from "./provider-trial.ts";
import { isUnable, type ProviderFailure } from "./providers/provider-client.ts";
import { ClientGone } from "./read-body.ts";
import type { RoutedRequest } from "./routing.ts";

export type { WonAnswer } from "./provider-trial.ts";

/** Who is left to be asked, in order. */
interface Round {
  readonly work: Work;
  readonly asked: RoutedRequest;
  readonly left: Candidate[];
}

/**
 * Tries the candidates in their order until one answers; before the next one, another deployment of the same, and a single one
 * again after a pause if that may help. Each call is reserved for by itself, so a fallback passes every limit again. A budget that
 * is too small for a dear provider may be enough for the next one. Bounded by `maxHops` calls and, all together, by `deadlineMs`.
 * Throws {@link PublicError} when none answers.
 */
export async function firstAnswer(gateway: Gateway, asked: RoutedRequest, work: Work): Promise<WonAnswer> {
  const round: Round = { work, asked, left: [...asked.candidates] };
  let denial: PublicError | null = null;
  let failure: ProviderFailure | null = null;
  let busy = false;
  for (let candidate = round.left.shift(); candidate !== undefined; candidate = round.left.shift()) {
    if (work.settlements.length >= gateway.limits.maxHops || leftMs(gateway, work) <= 0) break;
    if (work.isGone()) throw new ClientGone();
    const trial = await tryOne(gateway, round, candidate);
    if (trial.kind === "won") return trial.won;
    if (trial.kind === "not-now") {
      busy ||= trial.why === "busy";
      if (trial.why === "explored") round.left.push(asLastResort(candidate));
    } else if (trial.kind === "denied") {
      denial ??= trial.denial;
      if (trial.isFinal) break;
    } else {
      failure = trial.failure;
      if (isUnable(failure)) continue;
      if (failure.failure === "rejected") break;
      if (await mayTryAgain(gateway, round, { candidate, failure })) round.left.unshift(candidate);
    }
  }
  if (failure !== null) throw failureError(failure);
  if (work.isGone()) throw new ClientGone();
  throw denial ?? (busy ? gateway.slots.overload() : noProvider());
}

/** Where those that go before it fail, it is not called in order to learn, and costs nothing of what that may cost. */
function asLastResort({ provider, reason }: Candidate): Candidate {
  return { provider, reason };
}

function tryOne(gateway: Gateway, round: Round, candidate: Candidate): Promise<Trial> {
  const { hedgeAfterMs } = candidate.provider;
  const first = questionOf(round, candidate);
  if (hedgeAfterMs === null) return tryCandidate(gateway, round.asked, first);
  return tryHedged(gateway, round.asked, {
    first,
    afterMs: hedgeAfterMs,
    second() {
      if (round.work.settlements.length >= gateway.limits.maxHops || round.work.isGone()) return null;
      const another = hasFreshDeployment(round, candidate) ? candidate : (round.left.shift() ?? candidate);
      return { ...questionOf(round, another), because: "hedge", patient: false };
    },
  });
}

function questionOf(round: Round, candidate: Candidate): TrialQuestion {
  const { work } = round;
  const isFirst = work.settlements.length === 0 && work.draft.attempts.length === 0;
  const isAgain = work.draft.provider === candidate.provider.name;
  return {
    work,
    candidate,
    // While there is another provider to ask, a cheaper one may fit at once.
    patient: round.left.length === 0,
    because: isFirst ? null : isAgain ? "retry" : "fallback",
  };
}

/** Another deployment at once; where there is nobody else to ask, the same one as soon as it is wise to. */
async function mayTryAgain(
  gateway: Gateway,
  round: Round,
  { candidate, failure }: { readonly candidate: Candidate; readonly failure: ProviderFailure },
): Promise<boolean> {
  const { work } = round;
  const tries = work.settlements.length;
  if (tries >= gateway.limits.maxHops) return false;
  if (hasFreshDeployment(round, candidate) && !failure.mayBeBilled) return true;
  if (round.asked.candidates.length > 1) return false;
  const pauseMs = pauseBeforeRetry(failure, { tries, draw: Math.random() });
  if (pauseMs === null || pauseMs >= leftMs(gateway, work)) return false;
  await pause(pauseMs, work.isGone);
  return true;
}

/** One deployment more of each provider is tried, so that calls are left for other providers. */
function hasFreshDeployment({ asked, work }: Round, { provider }: Candidate): boolean {
  const { deployments } = provider;
  const called = deployments.filter(({ id }) => work.tried.has(id)).length;
  return called < (asked.candidates.length > 1 ? Math.min(2, deployments.length) : deployments.length);
}
