import { LRUCache } from "lru-cache";
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

export function openAnswerStore({ maxEntries, maxBytes }: AnswerStoreLimits): AnswerStore {
  const answers = new LRUCache<string, CachedAnswer>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: bytesOf,
  });
  return {
    get: (key) => answers.get(key) ?? null,
    put: (answer) => void answers.set(answer.key, answer),
    delete: (key) => void answers.delete(key),
    sweep(isOver) {
      const over = [...answers.values()].filter(isOver);
      for (const { key } of over) answers.delete(key);
    },
    size: () => ({ entries: answers.size, bytes: answers.calculatedSize }),
  };
}
