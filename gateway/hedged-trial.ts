import type { CallReport } from "../models/policy/call-bill.ts";
import { bill } from "./billing.ts";
import type { Gateway } from "./gateway.ts";
import {
  describeRoute,
  type Trial,
  type TrialQuestion,
  tryCandidate,
  type WonAnswer,
  type Work,
} from "./provider-trial.ts";
import type { AnswerStream } from "./providers/provider-client.ts";
import { ClientGone } from "./read-body.ts";
import type { RoutedRequest } from "./routing.ts";
import { sseMeter } from "./sse-meter.ts";

export interface Hedge {
  readonly first: TrialQuestion;
  /** Asked when it is time; null: there is nobody to ask, or no call is left. */
  second(): TrialQuestion | null;
  readonly afterMs: number;
}

/**
 * One call, and when it has no answer after a while, a second one beside it; the first answer wins. Each is reserved for by itself.
 * The one that lost is heard out, since its provider charges for it: the client does not wait for it, the request's event does.
 */
export async function tryHedged(gateway: Gateway, asked: RoutedRequest, hedge: Hedge): Promise<Trial> {
  const { first, underWay } = startFirst(gateway, asked, hedge);
  const early = await Promise.race([first, underWay.late]).finally(underWay.stop);
  if (early !== "late") return early;
  const question = hedge.second();
  if (question === null) return first;
  let winner: Trial | null = null;
  const second = tryCandidate(gateway, asked, {
    ...question,
    work: {
      ...question.work,
      // Nobody waits for its answer any more when the first one has come.
      isGone: () => winner?.kind === "won" || question.work.isGone(),
    },
  });
  try {
    winner = await firstToWin(first, second);
    if (winner.kind === "won") describeRoute(question.work.draft, winner.won);
    return winner;
  } finally {
    const how = { work: question.work, winner };
    for (const leg of [first, second]) question.work.afterwards.push(hearOut(gateway, leg, how));
  }
}

/** `late` comes when the call was made that long ago. */
function startFirst(gateway: Gateway, asked: RoutedRequest, { first, afterMs }: Hedge) {
  let timer: NodeJS.Timeout | undefined;
  let tell: (late: "late") => void = () => {};
  const late = new Promise<"late">((resolve) => {
    tell = resolve;
  });
  const trial = tryCandidate(gateway, asked, {
    ...first,
    onCalled() {
      timer = setTimeout(() => tell("late"), afterMs);
    },
  });
  return { first: trial, underWay: { late, stop: () => clearTimeout(timer) } };
}

/** When neither wins, what became of the first. */
async function firstToWin(first: Promise<Trial>, second: Promise<Trial>): Promise<Trial> {
  const quick = await Promise.race([first, second]);
  if (quick.kind === "won") return quick;
  const [one, other] = await Promise.all([first, second]);
  return other.kind === "won" ? other : one;
}

async function hearOut(
  gateway: Gateway,
  leg: Promise<Trial>,
  { work, winner }: { readonly work: Work; readonly winner: Trial | null },
): Promise<void> {
  let trial: Trial;
  try {
    trial = await leg;
  } catch (error) {
    // It was not made, so nothing is to be paid.
    if (!(error instanceof ClientGone)) gateway.logger.warn({ err: error }, "a second call was not made");
    return;
  }
  if (trial === winner || trial.kind !== "won") return;
  const { won } = trial;
  const { draft, settlements } = work;
  const report = await reportOfLost(gateway, won, work);
  bill(gateway, { draft, settlements, provider: won.candidate.provider.name, hold: won.hold, report });
}

async function reportOfLost(gateway: Gateway, won: WonAnswer, { draft }: Work): Promise<CallReport> {
  if (won.answer.kind !== "stream") return { end: "complete", reported: won.usage };
  const { report, model } = await drain(won.answer.stream, gateway.limits.drainMs);
  const outcome = report.end === "complete" ? "ok" : "aborted";
  const ms = Math.round(gateway.monotonicMs() - won.calledAtMs);
  won.call.end(outcome);
  won.trace?.end({ outcome, usage: report.reported, model });
  draft.attempts.push({ provider: won.candidate.provider.name, outcome, ms });
  return report;
}

/** Reads a stream that nobody gets, for a bounded time. */
function drain(
  stream: AnswerStream,
  maxMs: number,
): Promise<{ readonly report: CallReport; readonly model: string }> {
  const meter = sseMeter({ hideUsage: false, reading: stream.reading, tally: stream.tally });
  return new Promise((resolve) => {
    const over = (isOver: boolean): void => {
      clearTimeout(timer);
      resolve({ report: meter.report(isOver), model: meter.model() });
    };
    const timer = setTimeout(() => {
      stream.abort();
      over(false);
    }, maxMs);
    stream.start({
      onChunk: (chunk) => meter.push(chunk),
      onEnd() {
        meter.flush();
        over(true);
      },
      onError: () => over(false),
    });
  });
}
