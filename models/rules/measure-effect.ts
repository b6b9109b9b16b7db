import type { PredictedEffect } from "./effect.ts";
import { MIN_SAMPLE } from "./estimate.ts";

/** What happened to some users' requests in a span of time. Nano-dollars, milliseconds. */
export interface SpanOutcome {
  readonly requests: number;
  readonly denied: number;
  readonly failed: number;
  /** Of the tier that the directive is about; of all where it is about none. */
  readonly tierRequests: number;
  readonly tierDenied: number;
  /** Answers, cached ones included. */
  readonly answered: number;
  readonly cached: number;
  readonly cost: number;
  /** Sum of the squares of the answers' costs, for how sure their mean is. */
  readonly costSquares: number;
  /** Answers by providers, with the sum of their latencies and of its squares. */
  readonly timed: number;
  readonly latencyMs: number;
  readonly latencySquares: number;
  /** Users who rated, and the sum of each one's mean rating: nobody counts twice. */
  readonly raters: number;
  readonly starSum: number;
}

export interface Spans {
  readonly before: SpanOutcome;
  readonly after: SpanOutcome;
}

/** Changes from before to after, less those of the control group where there is one; null = not known. Shares from 0 to 1. */
export interface MeasuredEffect {
  readonly requests: number;
  readonly controlled: boolean;
  readonly costPerAnswerChangeShare: number | null;
  readonly latencyChangeShare: number | null;
  readonly satisfactionChange: number | null;
  /** Of the directive's tier. */
  readonly deniedShareChange: number | null;
  readonly failedShareChange: number | null;
  /** Cached answers of all answers. */
  readonly cachedShareChange: number | null;
  /**
   * By how much the cost of a request, refused ones included, differs from what the replay foresaw, before what was learned of its
   * bias; null: not simulated, or too little to say.
   */
  readonly costBias: number | null;
}

/** How far chance alone may carry each of them: one standard error. */
export interface EffectErrors {
  readonly costPerAnswer: number;
  readonly latency: number;
  readonly share: number;
  readonly tierShare: number;
  readonly satisfaction: number;
}

/** Fewer requests before or after say nothing. */
export const MIN_REQUESTS = 30;
const RATING_SPREAD = 1;

/** `control`: the same spans of the users on whom it was not tried. The change of the day's hours is in both, and cancels out. */
export function measureEffect(
  tried: Spans,
  control: Spans | null,
  predicted: PredictedEffect | null,
): MeasuredEffect {
  const rest = control !== null && isEnough(control) ? control : null;
  const cost = relativeChange(tried, rest, costPerRequest);
  const foreseen =
    predicted === null || predicted.costChangeShare === null
      ? null
      : predicted.costChangeShare - predicted.costBias;
  return {
    requests: tried.after.requests,
    controlled: rest !== null,
    costPerAnswerChangeShare: relativeChange(tried, rest, costPerAnswer),
    latencyChangeShare: relativeChange(tried, rest, meanLatency),
    satisfactionChange: absoluteChange(tried, rest, meanRating),
    deniedShareChange: absoluteChange(tried, rest, deniedShare),
    failedShareChange: absoluteChange(tried, rest, ({ failed, requests }) => ratio(failed, requests)),
    cachedShareChange: absoluteChange(tried, rest, ({ cached, answered }) => ratio(cached, answered)),
    costBias: cost === null || foreseen === null || !isEnough(tried) ? null : cost - foreseen,
  };
}

export function errorsOf(tried: Spans, control: Spans | null): EffectErrors {
  const spans = [tried, ...(control !== null && isEnough(control) ? [control] : [])].flatMap(
    ({ before, after }) => [before, after],
  );
  const error = (of: (span: SpanOutcome) => number): number => Math.hypot(...spans.map(of));
  return {
    costPerAnswer: error(({ answered, cost, costSquares }) => relativeError(answered, cost, costSquares)),
    latency: error(({ timed, latencyMs, latencySquares }) => relativeError(timed, latencyMs, latencySquares)),
    // Of a share, at most: one half.
    share: error(({ requests }) => 0.5 / Math.sqrt(Math.max(1, requests))),
    tierShare: error(({ tierRequests }) => 0.5 / Math.sqrt(Math.max(1, tierRequests))),
    satisfaction: error(({ raters }) => RATING_SPREAD / Math.sqrt(Math.max(1, raters))),
  };
}

export function isEnough({ before, after }: Spans): boolean {
  return before.requests >= MIN_REQUESTS && after.requests >= MIN_REQUESTS;
}

type Mean = (span: SpanOutcome) => number | null;

const costPerAnswer: Mean = ({ cost, answered }) => ratio(cost, answered);
/** What a replay foresees: the same requests under other controls. */
const costPerRequest: Mean = ({ cost, requests }) => ratio(cost, requests);
const deniedShare: Mean = ({ tierDenied, tierRequests }) => ratio(tierDenied, tierRequests);
const meanLatency: Mean = ({ latencyMs, timed }) => ratio(latencyMs, timed);
const meanRating: Mean = ({ raters, starSum }) => (raters < MIN_SAMPLE.raters ? null : starSum / raters);

function relativeChange(tried: Spans, control: Spans | null, mean: Mean): number | null {
  const own = factor(tried, mean);
  const other = control === null ? 1 : (factor(control, mean) ?? 1);
  return own === null || other === 0 ? null : own / other - 1;
}

function factor({ before, after }: Spans, mean: Mean): number | null {
  const [then, now] = [mean(before), mean(after)];
  return then === null || now === null || then === 0 ? null : now / then;
}

function absoluteChange(tried: Spans, control: Spans | null, mean: Mean): number | null {
  const own = difference(tried, mean);
  return own === null ? null : own - (control === null ? 0 : (difference(control, mean) ?? 0));
}

function difference({ before, after }: Spans, mean: Mean): number | null {
  const [then, now] = [mean(before), mean(after)];
  return then === null || now === null ? null : now - then;
}

/** The standard error of a mean, as a share of it. */
function relativeError(count: number, sum: number, squares: number): number {
  if (count === 0 || sum === 0) return 0;
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean) / count) / mean;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
