import type { Provider } from "../../models/domain/catalog.ts";
import type { Attempt } from "../../models/domain/request-event.ts";
import { InFlight } from "../in-flight.ts";
import { type Breaker, type BreakerCall, type BreakerLimits, openBreaker } from "./breaker.ts";
import { type CallTotals, openCallWindow } from "./call-window.ts";
import { type AnswerKind, openPace, type Pace } from "./pace.ts";

/** How one place that serves a model does. */
export interface DeploymentHealth {
  /** Neither down nor at rest: a call could be made now. */
  isFree(): boolean;
  /** Null: no call may be made. Else `end` or `cancel` is due. */
  begin(question: DeploymentQuestion): HealthCall | null;
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

export interface DeploymentQuestion {
  readonly kind: AnswerKind;
  /** What takes longer is bad, however usual. */
  readonly slowMs: number;
  /** The provider as it is to be called: with the base URL and the key of the deployment. */
  readonly target: Provider;
  readonly deploymentId: string;
}

/** After the first `end` or `cancel`, both do nothing. */
export interface HealthCall {
  readonly target: Provider;
  readonly deploymentId: string;
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

interface Waiting {
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
  const waiting = new InFlight<Waiting>();
  let inFlight = 0;
  let restsUntilMs = 0;
  const isResting = (): boolean => nowMs() < restsUntilMs;

  const rest = (seconds: number): void => {
    restsUntilMs = Math.max(restsUntilMs, nowMs() + Math.min(seconds * 1_000, MAX_REST_MS));
  };
  /** One object for a call: closures would be six. */
  class RunningCall implements HealthCall {
    readonly target: Provider;
    readonly deploymentId: string;
    readonly kind: AnswerKind;
    readonly startedMs = nowMs();
    readonly slowMs: number;
    readonly call: BreakerCall;
    isOverdue = false;
    /** Among those without a first byte; null: it has one, or is over. */
    #place: number | null;
    #answeredMs: number | null = null;
    #isOver = false;

    constructor({ target, deploymentId, kind, slowMs }: DeploymentQuestion, call: BreakerCall) {
      this.target = target;
      this.deploymentId = deploymentId;
      this.kind = kind;
      this.slowMs = slowMs;
      this.call = call;
      this.#place = waiting.add(this);
      inFlight += 1;
    }

    answered(): void {
      this.#answeredMs ??= this.#timeAnswer();
    }

    end(outcome: Attempt["outcome"], retryAfterSeconds: number | null = null): void {
      if (this.#isOver) return;
      if (outcome === "ok") this.answered();
      this.#leave();
      const ms = this.#answeredMs ?? nowMs() - this.startedMs;
      const rests = outcome === "rate-limited" && retryAfterSeconds !== null;
      if (rests) rest(retryAfterSeconds);
      // A limit that says when it ends is no fault of the provider, and a client that left says nothing of it.
      const bad = (!rests && BAD.has(outcome)) || ms > this.slowMs;
      window.add({ bad, ms });
      this.call.end({ bad, ms });
    }

    cancel(): void {
      if (this.#isOver) return;
      this.#leave();
      this.call.cancel();
    }

    #timeAnswer(): number {
      this.#waitNoMore();
      const ms = nowMs() - this.startedMs;
      if (!this.isOverdue) pace.answered(this.kind, ms);
      return ms;
    }

    #leave(): void {
      this.#isOver = true;
      this.#waitNoMore();
      inFlight -= 1;
    }

    #waitNoMore(): void {
      if (this.#place !== null) waiting.remove(this.#place);
      this.#place = null;
    }
  }

  return {
    isFree: () => !isResting() && breaker.isFree(),
    begin(question) {
      const call = isResting() ? null : breaker.begin();
      if (call === null) return null;
      if (pace.mayProbe()) pace.probed();
      return new RunningCall(question, call);
    },
    breaker,
    pace,
    isResting,
    inFlight: () => inFlight,
    totals: window.totals,
    look() {
      for (const running of waiting.values()) {
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
