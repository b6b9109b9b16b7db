/** A map that forgets its oldest entries, a whole generation at a time, so that forgetting needs no sweep. */
export interface Generations<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, atMs: number): void;
  forget(matches: (key: string, value: Value) => boolean): void;
  /** All that was set at this moment or later is there; null: nothing was forgotten yet. */
  completeSinceMs(): number | null;
}

export interface GenerationsOptions {
  /** At most twice as many are there at once. */
  readonly maxInGeneration: number;
  /** What is older than twice that is forgotten, too; default: only their number counts. */
  readonly maxAgeMs?: number;
}

export function openGenerations<Value>({
  maxInGeneration,
  maxAgeMs = Number.POSITIVE_INFINITY,
}: GenerationsOptions): Generations<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let bornAtMs = 0;
  let completeSinceMs: number | null = null;
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value, atMs) {
      if (young.size >= maxInGeneration || atMs - bornAtMs >= maxAgeMs) {
        if (old.size > 0) completeSinceMs = bornAtMs;
        old = atMs - bornAtMs >= 2 * maxAgeMs ? new Map() : young;
        young = new Map();
        bornAtMs = atMs;
      }
      young.set(key, value);
    },
    forget(matches) {
      for (const entries of [young, old])
        for (const [key, value] of entries) if (matches(key, value)) entries.delete(key);
    },
    completeSinceMs: () => completeSinceMs,
  };
}
