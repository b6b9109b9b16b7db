import type { Attempt } from "../../models/domain/request-event.ts";
import { type Breaker, type BreakerCall, type BreakerLimits, openBreaker } from "./breaker.ts";
import { type CallTotals, openCallWindow } from "./call-window.ts";
import { type AnswerKind, openPace, type Pace } from "./pace.ts";

/** How one place that serves a model does. */
export interface DeploymentHealth {
  /** Neither down nor at rest: a call could be made now. */
  isFree(): boolean;
  /** Null: no call may be made. Else `end` or `cancel` is due. `slowMs`: what takes longer is bad, however usual. */
  begin(kind: AnswerKind, slowMs: number): DeploymentCall | null;
  readonly breaker: Pick<Breaker, "state" | "totals">;
  readonly pace: Pick<Pace, "isSlow" | "mayProbe">;
  /** Until its `retry-after` is over no call is made, though its breaker is closed. */
  isResting(): boolean;
  inFlight(): number;
  /** Of the last five minutes. */
  totals(): CallTotals;
  /** Once a second: calls that hang are counted before they end. */
  look(): void;
}

/** After the first `end` or `cancel`, both do nothing. */
export interface DeploymentCall {
  /** The first byte of a stream is there: it does not hang. */
  answered(): void;
  end(outcome: Attempt["outcome"], retryAfterSeconds?: number | null): void;
  cancel(): void;
}

/** A provider that says `retry-after` is left alone, but not for longer than that. */
const MAX_REST_MS = 60_000;
const LONG_WINDOW = { slots: 30, slotMs: 10_000 };
const BAD: ReadonlySet<Attempt["outcome"]> = new Set([
  "timeout",
  "connection",
  "server-error",
  "invalid-answer",
  "rate-limited",
]);

interface Running {
  readonly kind: AnswerKind;
  readonly startedMs: number;
  readonly slowMs: number;
  readonly call: BreakerCall;
  isOverdue: boolean;
}

export function openDeploymentHealth(nowMs: () => number, limits: BreakerLimits): DeploymentHealth {
  const breaker = openBreaker(nowMs, limits);
  const pace = openPace(nowMs);
  const window = openCallWindow({ ...LONG_WINDOW, nowMs });
  /** Calls without a first byte. */
  const waiting = new Set<Running>();
  let inFlight = 0;
  let restsUntilMs = 0;
  const isResting = (): boolean => nowMs() < restsUntilMs;

  const rest = (seconds: number): void => {
    restsUntilMs = Math.max(restsUntilMs, nowMs() + Math.min(seconds * 1_000, MAX_REST_MS));
  };
  const follow = (running: Running): DeploymentCall => {
    let answeredMs: number | null = null;
    let over = false;
    const leave = (): boolean => {
      if (over) return false;
      over = true;
      waiting.delete(running);
      inFlight -= 1;
      return true;
    };
    const timeAnswer = (): number => {
      waiting.delete(running);
      const ms = nowMs() - running.startedMs;
      if (!running.isOverdue) pace.answered(running.kind, ms);
      return ms;
    };
    return {
      answered() {
        answeredMs ??= timeAnswer();
      },
      end(outcome, retryAfterSeconds = null) {
        if (over) return;
        if (outcome === "ok") answeredMs ??= timeAnswer();
        leave();
        const ms = answeredMs ?? nowMs() - running.startedMs;
        const rests = outcome === "rate-limited" && retryAfterSeconds !== null;
        if (rests) rest(retryAfterSeconds);
        // A limit that says when it ends is no fault of the provider, and a client that left says nothing of it.
        const bad = (!rests && BAD.has(outcome)) || ms > running.slowMs;
        window.add({ bad, ms });
        running.call.end({ bad, ms });
      },
      cancel() {
        if (leave()) running.call.cancel();
      },
    };
  };

  return {
    isFree: () => !isResting() && breaker.isFree(),
    begin(kind, slowMs) {
      const call = isResting() ? null : breaker.begin();
      if (call === null) return null;
      if (pace.mayProbe()) pace.probed();
      const running = { kind, startedMs: nowMs(), slowMs, call, isOverdue: false };
      waiting.add(running);
      inFlight += 1;
      return follow(running);
    },
    breaker,
    pace,
    isResting,
    inFlight: () => inFlight,
    totals: window.totals,
    look() {
      for (const running of waiting) {
        const ms = nowMs() - running.startedMs;
        // One that answers nothing at all is found out long before its calls time out.
        if (ms > running.slowMs) running.call.blame();
        if (running.isOverdue || !pace.isOverdue(running.kind, ms)) continue;
        running.isOverdue = true;
        pace.blame(ms);
      }
    },
  };
}
