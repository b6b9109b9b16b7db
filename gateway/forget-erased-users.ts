import type { UserId } from "../models/domain/ids.ts";
import type { Windows } from "../models/policy/charges.ts";
import { counterNames } from "../models/policy/counter-keys.ts";
import type { ResponseCache } from "./cache/response-cache.ts";
import type { Directory } from "./directory.ts";
import type { OwnRequests } from "./own-requests.ts";
import type { RecentQuestions } from "./quality/recent-questions.ts";
import type { UsageStore } from "./usage-store.ts";

export interface ForgetOptions {
  readonly directory: Directory;
  readonly cache: ResponseCache;
  readonly questions: RecentQuestions;
  readonly ownRequests: Pick<OwnRequests, "forget">;
  readonly usage: UsageStore;
  readonly windows: (atMs: number) => Windows;
  readonly now: () => number;
  readonly onError: (error: unknown, what: string) => void;
}

/** Nothing that a gateway keeps of a user is older: a month's counters, and the files of its cache. */
const KEPT_MS = 33 * 24 * 3_600_000;
/** Requests that were under way at the erasure are over by then, and settled. */
const AGAIN_AFTER_MS = 5 * 60_000;
/** Counters outlive their window by that. */
const BEFORE_MS = [0, 1, 2, 3, 60].map((minutes) => minutes * 60_000);
const USER_SCOPES = ["user-minute", "user-day", "user-week", "user-month"] as const;

/**
 * Forgets users when they are erased: their answers, their recent questions and their counters. What everybody has spent together
 * stays. Whoever comes with the same id afterwards is a new user, whose counters begin at nothing.
 */
export function forgetErasedUsers(options: ForgetOptions): { close(): void } {
  const { directory, cache, questions, ownRequests, usage, now, onError } = options;
  const timers = new Set<NodeJS.Timeout>();
  let lives = new Map<UserId, number>();

  const forgetCounters = async (id: UserId, erasedAtMs: number): Promise<void> => {
    // Somebody has come with the id: what is counted now may be theirs.
    if (directory.user(id) !== null || directory.lifeOf(id) !== erasedAtMs) return;
    const moments = [now(), ...BEFORE_MS.map((beforeMs) => erasedAtMs - beforeMs)];
    await usage.forget(moments.flatMap((atMs) => keysOf(options.windows(atMs), id)));
  };
  const forgetCountersTwice = (id: UserId, erasedAtMs: number): void => {
    const forget = (): void => {
      forgetCounters(id, erasedAtMs).catch((error: unknown) => onError(error, "an erased user's counters"));
    };
    forget();
    const timer = setTimeout(() => {
      timers.delete(timer);
      forget();
    }, AGAIN_AFTER_MS);
    timer.unref();
    timers.add(timer);
  };
  const forgetAnswers = (): void => {
    const erased = lives;
    lives = new Map();
    cache.forgetLives(erased);
    for (const id of erased.keys()) {
      questions.forget(id);
      ownRequests.forget(id);
    }
  };

  directory.onErased((id, erasedAtMs) => {
    if (now() - erasedAtMs > KEPT_MS) return;
    // Those of the past come all at once.
    if (lives.size === 0) queueMicrotask(forgetAnswers);
    lives.set(id, erasedAtMs);
    forgetCountersTwice(id, erasedAtMs);
  });
  return {
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function keysOf(windows: Windows, id: UserId): string[] {
  const names = counterNames(windows, id);
  return USER_SCOPES.flatMap((scope) => [names(scope).requests, names(scope)["nano-usd"]]);
}
