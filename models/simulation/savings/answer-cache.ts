import type { AnswerQuality } from "./call.ts";

export interface KeptAnswer extends AnswerQuality {
  readonly provider: string;
  readonly storedAtMs: number;
  readonly cost: number;
}

/** Answers by the text that names them; the oldest one goes when there are too many, as in the gateway. */
export interface AnswerCache {
  find(key: string, nowMs: number, lifetimeMs: number): KeptAnswer | null;
  keep(key: string, answer: KeptAnswer): void;
}

const MAX_ANSWERS = 50_000;

export function openAnswerCache(maxAnswers = MAX_ANSWERS): AnswerCache {
  const answers = new Map<string, KeptAnswer>();
  return {
    find(key, nowMs, lifetimeMs) {
      const found = answers.get(key);
      return found !== undefined && nowMs - found.storedAtMs < lifetimeMs ? found : null;
    },
    keep(key, answer) {
      answers.delete(key);
      answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > maxAnswers && oldest !== undefined) answers.delete(oldest);
    },
  };
}
