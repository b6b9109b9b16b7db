import type { CachedAnswer } from "../../../gateway/cache/cached-answer.ts";
import { hashOfKey } from "../../../gateway/cache/response-cache.ts";

/** An answer of a size, under a key that is made of a name. */
export function cachedAnswer(name: string, changed: Partial<CachedAnswer> = {}): CachedAnswer {
  return {
    key: hashOfKey(name),
    owner: "",
    life: 0,
    kind: "json",
    contentType: "application/json",
    body: Buffer.from(name),
    provider: "cheap",
    feature: "plan",
    costNano: 7,
    madeMs: 900,
    storedAtMs: 1_000,
    ...changed,
  };
}
