import type { CachedAnswer } from "./cached-answer.ts";

/** Answers that several gateways give again: asked where a gateway has none of its own. Nothing depends on them. */
export interface SharedAnswers {
  /** Null: there is none, or it was not told in time. Never rejects. */
  get(key: string): Promise<CachedAnswer | null>;
  /** For so long at most. Goes on in the background; what cannot be kept is not. */
  put(answer: CachedAnswer, lifetimeMs: number): void;
  /** Goes on in the background. */
  forget(keys: readonly string[]): void;
  close(): Promise<void>;
}
