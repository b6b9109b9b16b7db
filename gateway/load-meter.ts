import type { Load } from "../models/policy/high-load.ts";

/**
 * How much is going on: requests of the last 60 s, and users who have a request in work or had one in the last 60 s.
 * Bounded memory: one number a second, and at most {@link MAX_RECENT_USERS} users; above that the oldest are forgotten, which
 * is more than any limit that the meter is compared with needs.
 */
export interface LoadMeter {
  /** A request of the user begins; the returned function ends it and is to be called once. */
  begin(userId: string): () => void;
  load(): Load;
}

export const MAX_RECENT_USERS = 200_000;
const WINDOW_SECONDS = 60;
const WINDOW_MS = WINDOW_SECONDS * 1_000;
const FORGET_EVERY_MS = 1_000;

/** `nowMs` never goes back. */
export function openLoadMeter(nowMs: () => number): LoadMeter {
  const rate = slidingCount(nowMs);
  const running = new Map<string, number>();
  /** When each one's last request ended, the longest ago first. */
  const recent = new Map<string, number>();

  let forgotMs = nowMs();
  /** Once a second: a map finds its first key by walking over all that were deleted before it. */
  const forgetOld = (): void => {
    const atMs = nowMs();
    if (atMs - forgotMs < FORGET_EVERY_MS && recent.size <= MAX_RECENT_USERS) return;
    forgotMs = atMs;
    const startMs = atMs - WINDOW_MS;
    for (const [userId, endedMs] of recent) {
      if (endedMs > startMs && recent.size <= MAX_RECENT_USERS) break;
      recent.delete(userId);
    }
  };
  const end = (userId: string): void => {
    const left = (running.get(userId) ?? 1) - 1;
    if (left > 0) {
      running.set(userId, left);
      return;
    }
    running.delete(userId);
    recent.delete(userId);
    recent.set(userId, nowMs());
    forgetOld();
  };

  return {
    begin(userId) {
      rate.add();
      recent.delete(userId);
      running.set(userId, (running.get(userId) ?? 0) + 1);
      return () => end(userId);
    },
    load() {
      forgetOld();
      return { requestsPerMinute: rate.count(), concurrentUsers: running.size + recent.size };
    },
  };
}

/** Counts in a ring of seconds: right to a second. */
function slidingCount(nowMs: () => number): { add(): void; count(): number } {
  const seconds = new Array<number>(WINDOW_SECONDS).fill(0);
  let last = Math.floor(nowMs() / 1_000);
  let sum = 0;
  const moveOn = (): number => {
    const current = Math.floor(nowMs() / 1_000);
    const passed = Math.min(current - last, WINDOW_SECONDS);
    for (let step = 1; step <= passed; step++) {
      const slot = (last + step) % WINDOW_SECONDS;
      sum -= seconds[slot] ?? 0;
      seconds[slot] = 0;
    }
    last = Math.max(last, current);
    return last % WINDOW_SECONDS;
  };
  return {
    add() {
      const slot = moveOn();
      seconds[slot] = (seconds[slot] ?? 0) + 1;
      sum += 1;
    },
    count() {
      moveOn();
      return sum;
    },
  };
}
