import { userBucket } from "../../policy/user-bucket.ts";
import { sumByRater } from "../../rules/estimate.ts";
import type { SpanOutcome } from "../../rules/measure-effect.ts";
import type { ServedRequest } from "./served-request.ts";

/** The requests of the last day, as the warehouse would give them. */
export interface PastWindow {
  add(request: ServedRequest): void;
  /** From a moment on, before another one; ascending by time. */
  between(fromMs: number, untilMs: number): readonly ServedRequest[];
  forgetBefore(ms: number): void;
}

export function openPastWindow(): PastWindow {
  let requests: ServedRequest[] = [];
  const placeOf = (ms: number): number => {
    let low = 0;
    let high = requests.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((requests[middle]?.ts ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add: (request) => {
      requests.push(request);
    },
    between: (fromMs, untilMs) => requests.slice(placeOf(fromMs), placeOf(untilMs)),
    forgetBefore(ms) {
      requests = requests.slice(placeOf(ms));
    },
  };
}

/** What became of the requests of those users on whom a directive is tried, or (`tried` false) of the others. */
export function outcomeOf(
  requests: readonly ServedRequest[],
  { share, tried, tier }: { readonly share: number; readonly tried: boolean; readonly tier: string | null },
): SpanOutcome {
  const own =
    share === 1 ? requests : requests.filter(({ user_id }) => userBucket(user_id) < share === tried);
  const answered = own.filter(({ outcome }) => outcome === "ok" || outcome === "cached");
  const timed = own.filter(({ outcome }) => outcome === "ok");
  const ofTier = tier === null ? own : own.filter((request) => request.tier === tier);
  const rated = sumByRater(own.filter(({ rating }) => rating > 0));
  return {
    requests: own.length,
    denied: countOf(own, "denied"),
    failed: countOf(own, "failed"),
    tierRequests: ofTier.length,
    tierDenied: countOf(ofTier, "denied"),
    answered: answered.length,
    cached: countOf(own, "cached"),
    cost: sumOf(own, ({ cost }) => cost),
    costSquares: sumOf(answered, ({ cost }) => cost ** 2),
    timed: timed.length,
    latencyMs: sumOf(timed, ({ latency_ms }) => latency_ms),
    latencySquares: sumOf(timed, ({ latency_ms }) => latency_ms ** 2),
    raters: rated.count,
    starSum: rated.sum,
  };
}

function countOf(requests: readonly ServedRequest[], wanted: ServedRequest["outcome"]): number {
  return requests.filter(({ outcome }) => outcome === wanted).length;
}

function sumOf(requests: readonly ServedRequest[], read: (request: ServedRequest) => number): number {
  return requests.reduce((sum, request) => sum + read(request), 0);
}
