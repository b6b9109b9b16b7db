import { hash as digest } from "node:crypto";
import { type AnswerFiles, type AnswerFilesOptions, openAnswerFiles } from "./answer-files.ts";
import { encodeAnswer, inFrame, UNKNOWN_OWNER } from "./answer-frame.ts";
import { openAnswerStore } from "./answer-store.ts";
import { bytesOf, type CachedAnswer } from "./cached-answer.ts";
import { type Flights, openFlights } from "./flights.ts";
import type { SharedAnswers } from "./shared-answers.ts";

/** Complete answers, to be given again to whom they may be given: `consult-cache.ts` asks, `keep-answer.ts` adds. */
export interface ResponseCache {
  /** Null: there is none, or it is older than the lifetime. */
  find(key: string, lifetimeMs: number): CachedAnswer | null;
  /** Of another gateway's making; null: nobody is asked. */
  findShared(key: string, lifetimeMs: number): Promise<CachedAnswer | null> | null;
  /** The answer's body is copied. */
  keep(answer: CachedAnswer, lifetimeMs: number): void;
  delete(key: string): void;
  readonly flights: Flights;
  /** Forgets, in memory, in its files and where others find them, the answers of each user's lives before the given one. */
  forgetLives(lives: ReadonlyMap<string, number>): void;
  /** Forgets what is older than the lifetime of its feature; content is not kept for nothing. */
  sweep(lifetimeMsOf: (feature: string) => number): void;
  size(): { readonly entries: number; readonly bytes: number };
  close(): Promise<void>;
}

export interface ResponseCacheOptions {
  /** Null: what is in memory is all, and gone with the process. */
  readonly directory: string | null;
  readonly now: () => number;
  readonly onError: (error: unknown, what: string) => void;
  readonly limits?: Partial<CacheLimits>;
  /** Null (default): this gateway's answers are its own. */
  readonly shared?: SharedAnswers | null;
}

export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxFileBytes: number;
}

export const CACHE_LIMITS: CacheLimits = {
  maxEntries: 50_000,
  maxBytes: 128 << 20,
  maxFileBytes: 128 << 20,
};
/** A longer answer is not kept. */
export const MAX_ANSWER_BYTES = 1 << 20;
/** Requests that wait for another one's answer; as long as most answers take. */
const FLIGHTS = { maxFlights: 10_000, maxWaiting: 2_000, maxWaitMs: 30_000 };

/** What was kept before a restart is there again when it resolves. */
export async function openResponseCache(options: ResponseCacheOptions): Promise<ResponseCache> {
  const { directory, now, onError } = options;
  const limits = { ...CACHE_LIMITS, ...options.limits };
  const store = openAnswerStore(limits);
  const told = (error: unknown): void => onError(error, "the cache's files");
  const files =
    directory === null
      ? null
      : await openFiles({ directory, maxBytes: limits.maxFileBytes, now, onError: told });
  if (files !== null) {
    try {
      for await (const answer of files.load()) store.put(answer);
    } catch (error) {
      told(error);
    }
  }
  const shared = options.shared ?? null;
  const isOver = (answer: CachedAnswer, lifetimeMs: number): boolean =>
    now() - answer.storedAtMs >= lifetimeMs;
  const askOthers = async (others: SharedAnswers, key: string, lifetimeMs: number) => {
    const answer = await others.get(key);
    if (answer === null || isOver(answer, lifetimeMs)) return null;
    store.put(answer);
    return answer;
  };
  return {
    find(key, lifetimeMs) {
      const answer = store.get(key);
      return answer === null || isOver(answer, lifetimeMs) ? null : answer;
    },
    findShared: (key, lifetimeMs) => (shared === null ? null : askOthers(shared, key, lifetimeMs)),
    keep(answer, lifetimeMs) {
      if (bytesOf(answer) > MAX_ANSWER_BYTES) return;
      const frame = encodeAnswer(answer);
      store.put(inFrame(answer, frame));
      files?.append(frame);
      shared?.put(answer, lifetimeMs);
    },
    delete: store.delete,
    flights: openFlights(FLIGHTS),
    sweep(lifetimeMsOf) {
      const nowMs = now();
      let oldestMs = nowMs;
      store.sweep((answer) => {
        const over = isOver(answer, lifetimeMsOf(answer.feature));
        if (!over) oldestMs = Math.min(oldestMs, answer.storedAtMs);
        return over;
      });
      files?.forgetBefore(oldestMs);
    },
    forgetLives(lives) {
      const byOwner = new Map([...lives].map(([user, life]) => [ownerOf(user), life]));
      const isErased = ({ owner, life }: CachedAnswer): boolean =>
        owner === UNKNOWN_OWNER || life < (byOwner.get(owner) ?? 0);
      const erased: string[] = [];
      store.sweep((answer) => {
        if (isErased(answer)) erased.push(answer.key);
        return isErased(answer);
      });
      files?.keepOnly((answer) => !isErased(answer));
      shared?.forget(erased);
    },
    size: store.size,
    async close() {
      await files?.close();
    },
  };
}

/** A cache that cannot write is still a cache. */
async function openFiles(options: AnswerFilesOptions): Promise<AnswerFiles | null> {
  try {
    return await openAnswerFiles(options);
  } catch (error) {
    options.onError(error);
    return null;
  }
}

export function hashOfKey(text: string): string {
  return digest("sha256", text, "base64url");
}

/** The files name nobody. */
export function ownerOf(user: string): string {
  return hashOfKey(`user ${user}`);
}
