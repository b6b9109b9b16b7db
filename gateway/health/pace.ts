import { openCallWindow } from "./call-window.ts";

/**
 * Whether a provider has become slow, long before its breaker would open: its calls of the last seconds against its own last half
 * hour. Not the operator's "speed", and not another provider's: each is compared with itself.
 *
 * While it is slow, a call from time to time tries whether it still is; three quick ones after the last slow one end it. What stays slow for
 * half an hour is forgotten with what was before, and is normal from then on.
 */
export interface Pace {
  /** A call was answered: a stream's first byte, or a whole JSON answer. */
  answered(kind: AnswerKind, ms: number): void;
  /** A call under way for that long already is slow, however it ends. */
  isOverdue(kind: AnswerKind, ms: number): boolean;
  /** One that is overdue, once; its end is not told then. `ms`: under way for that long. */
  blame(ms: number): void;
  isSlow(): boolean;
  /** It is slow, and it is time to look again: `probed` must follow when it is called. */
  mayProbe(): boolean;
  probed(): void;
}

/** Streams are timed to their first byte, which has little to do with the time of a whole answer. */
export type AnswerKind = "json" | "stream";

/** Times the usual (geometric mean). Answers differ in length: one in twenty takes that long anyway. */
const SLOW_FACTOR = 4;
/** What is quicker than this is never slow, milliseconds. */
const LEAST_SLOW_MS = 250;
/** Of fewer usual calls, what is usual is not known; of fewer recent ones, nothing is concluded. */
const MIN_USUAL_CALLS = 20;
const MIN_RECENT_CALLS = 5;
const SLOW_SHARE = 0.6;
const RECENT = { slots: 20, slotMs: 1_000 };
const USUAL = { slots: 30, slotMs: 60_000 };
const PROBE_EVERY_MS = 8_000;
/** By their beginnings: a slow call from before may still be under way. */
const QUICK_IN_A_ROW = 3;

interface SlowTime {
  probedMs: number;
  /** When the last slow call began, */
  lastSlowMs: number;
  /** and the quick ones since. */
  quickMs: number[];
}

export function openPace(nowMs: () => number): Pace {
  const recent = openCallWindow({ ...RECENT, nowMs });
  /** Of logarithms: one answer of ten minutes must not make ten minutes usual. */
  const usual = {
    json: openCallWindow({ ...USUAL, nowMs }),
    stream: openCallWindow({ ...USUAL, nowMs }),
  };
  let slow: SlowTime | null = null;

  const usualMs = (kind: AnswerKind): number | null => {
    const { calls, totalMs } = usual[kind].totals();
    return calls < MIN_USUAL_CALLS ? null : Math.exp(totalMs / calls);
  };
  const isOverdue = (kind: AnswerKind, ms: number): boolean => {
    if (ms < LEAST_SLOW_MS) return false;
    const known = usualMs(kind);
    return known !== null && ms > known * SLOW_FACTOR;
  };
  const judge = (): void => {
    const { calls, bad } = recent.totals();
    if (calls < MIN_RECENT_CALLS || bad < calls * SLOW_SHARE) return;
    slow = { probedMs: nowMs(), lastSlowMs: nowMs(), quickMs: [] };
  };
  const recover = (): void => {
    slow = null;
    recent.clear();
  };
  const count = (bad: boolean, beganMs: number): void => {
    recent.add({ bad, ms: 0 });
    if (slow === null) {
      judge();
      return;
    }
    if (bad) slow.lastSlowMs = Math.max(slow.lastSlowMs, beganMs);
    else slow.quickMs.push(beganMs);
    const { lastSlowMs } = slow;
    slow.quickMs = slow.quickMs.filter((ms) => ms > lastSlowMs);
    if (slow.quickMs.length >= QUICK_IN_A_ROW) recover();
  };
  const isSlow = (): boolean => {
    if (slow !== null && usualMs("json") === null && usualMs("stream") === null) recover();
    return slow !== null;
  };
  return {
    answered(kind, ms) {
      const isKnown = usualMs(kind) !== null;
      const bad = isOverdue(kind, ms);
      if (!isSlow()) usual[kind].add({ bad, ms: Math.log(Math.max(1, ms)) });
      if (isKnown) count(bad, nowMs() - ms);
    },
    isOverdue,
    blame: (ms) => count(true, nowMs() - ms),
    isSlow,
    mayProbe: () => isSlow() && slow !== null && nowMs() - slow.probedMs >= PROBE_EVERY_MS,
    probed() {
      if (slow !== null) slow.probedMs = nowMs();
    },
  };
}
