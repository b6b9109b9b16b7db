import { bytesOf, type CachedAnswer } from "./cached-answer.ts";

/** Answers in memory, bounded by number and bytes; what was not asked for the longest goes first. */
export interface AnswerStore {
  get(key: string): CachedAnswer | null;
  put(answer: CachedAnswer): void;
  delete(key: string): void;
  /** Deletes those for which `isOver` says so. */
  sweep(isOver: (answer: CachedAnswer) => boolean): void;
  size(): { readonly entries: number; readonly bytes: number };
}

export interface AnswerStoreLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** That part goes at once: a map finds its first key by walking over all that were deleted before it. */
const EVICTED_SHARE = 0.05;

export function openAnswerStore({ maxEntries, maxBytes }: AnswerStoreLimits): AnswerStore {
  /** The longest unused first. */
  const answers = new Map<string, CachedAnswer>();
  const least = {
    entries: maxEntries - Math.floor(maxEntries * EVICTED_SHARE),
    bytes: maxBytes - Math.floor(maxBytes * EVICTED_SHARE),
  };
  let bytes = 0;

  const remove = (key: string): void => {
    const answer = answers.get(key);
    if (answer === undefined) return;
    answers.delete(key);
    bytes -= bytesOf(answer);
  };
  return {
    get(key) {
      const answer = answers.get(key);
      if (answer === undefined) return null;
      answers.delete(key);
      answers.set(key, answer);
      return answer;
    },
    put(answer) {
      remove(answer.key);
      answers.set(answer.key, answer);
      bytes += bytesOf(answer);
      if (answers.size <= maxEntries && bytes <= maxBytes) return;
      for (const key of answers.keys()) {
        if (answers.size <= least.entries && bytes <= least.bytes) break;
        remove(key);
      }
    },
    delete: remove,
    sweep(isOver) {
      for (const answer of answers.values()) if (isOver(answer)) remove(answer.key);
    },
    size: () => ({ entries: answers.size, bytes }),
  };
}
