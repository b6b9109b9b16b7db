import { type CallResult, type CallTotals, openCallWindow } from "./call-window.ts";

/**
 * Stops calls to a provider that fails, so that nobody waits for it, and lets it come back by itself.
 *
 * `closed`: calls go through. `open`: too many of the last ones went badly, and for a while none is made. `half-open`: the while is
 * over; one call tries whether the provider has mended, and closes the breaker or opens it for twice as long. A provider that
 * nobody tries for a minute counts as mended: nothing is known against it any more.
 */
export interface Breaker {
  state(): BreakerState;
  /** A call could be made now. */
  isFree(): boolean;
  /** Null: no call may be made. Else `end` or `cancel` is due. */
  begin(): BreakerCall | null;
  totals(): CallTotals;
}

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerCall {
  /** It hangs, and counts as bad before it is over; how it ends does not matter any more. */
  blame(): void;
  end(result: CallResult): void;
  /** No call was made after all. */
  cancel(): void;
}

export interface BreakerLimits {
  readonly windowMs: number;
  /** Of fewer calls in the window nothing is concluded. */
  readonly minCalls: number;
  /** Of the calls in the window, bad ones that open it. */
  readonly badShare: number;
  readonly firstRestMs: number;
  readonly lastRestMs: number;
  readonly forgetAfterMs: number;
}

export const BREAKER_LIMITS: Omit<BreakerLimits, "minCalls"> = {
  windowMs: 30_000,
  badShare: 0.5,
  firstRestMs: 5_000,
  lastRestMs: 60_000,
  forgetAfterMs: 60_000,
};
const WINDOW_SLOTS = 30;

export function openBreaker(nowMs: () => number, limits: BreakerLimits): Breaker {
  const { windowMs, minCalls, badShare, firstRestMs, lastRestMs, forgetAfterMs } = limits;
  const window = openCallWindow({ slots: WINDOW_SLOTS, slotMs: windowMs / WINDOW_SLOTS, nowMs });
  /** null = closed. */
  let opened: { readonly restMs: number; readonly untilMs: number } | null = null;
  let probing = false;

  const trip = (restMs: number): void => {
    opened = { restMs, untilMs: nowMs() + restMs };
  };
  const close = (): void => {
    opened = null;
    window.clear();
  };
  const judge = (): void => {
    if (opened !== null) return;
    const { calls, bad } = window.totals();
    if (calls >= minCalls && bad >= calls * badShare) trip(firstRestMs);
  };
  const state = (): BreakerState => {
    if (opened !== null && !probing && nowMs() >= opened.untilMs + forgetAfterMs) close();
    if (opened === null) return "closed";
    return nowMs() < opened.untilMs ? "open" : "half-open";
  };
  const isFree = (): boolean => {
    const now = state();
    return now === "closed" || (now === "half-open" && !probing);
  };

  const probe = (restMs: number): BreakerCall => {
    probing = true;
    let over = false;
    const finish = (then: () => void): void => {
      if (over) return;
      over = true;
      probing = false;
      then();
    };
    const failed = (): void => trip(Math.min(restMs * 2, lastRestMs));
    return {
      blame: () => finish(failed),
      end: ({ bad }) => finish(bad ? failed : close),
      cancel: () => finish(() => {}),
    };
  };
  const count = (result: CallResult): void => {
    window.add(result);
    judge();
  };

  return {
    state,
    isFree,
    begin() {
      if (!isFree()) return null;
      return opened === null ? new OrdinaryCall(count) : probe(opened.restMs);
    },
    totals: window.totals,
  };
}

class OrdinaryCall implements BreakerCall {
  readonly #count: (result: CallResult) => void;
  #isCounted = false;

  constructor(count: (result: CallResult) => void) {
    this.#count = count;
  }

  blame(): void {
    this.end({ bad: true, ms: 0 });
  }

  end(result: CallResult): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    this.#count(result);
  }

  cancel(): void {}
}
