/** Counts what waits in the spool. */
export interface Backlog {
  added(count: number): void;
  drained(count: number): void;
  size(): number;
  /** True when everything that was added before the call is drained, false after `maxMs`. */
  whenDrained(maxMs: number): Promise<boolean>;
}

export function openBacklog(): Backlog {
  let added = 0;
  let drained = 0;
  const waiting = new Set<() => void>();
  return {
    added(count) {
      added += count;
    },
    drained(count) {
      drained += count;
      for (const check of [...waiting]) check();
    },
    size: () => Math.max(0, added - drained),
    whenDrained(maxMs) {
      const target = added;
      return new Promise((resolve) => {
        const finish = (complete: boolean): void => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(complete);
        };
        const check = (): void => {
          if (drained >= target) finish(true);
        };
        const timer = setTimeout(() => finish(false), maxMs);
        waiting.add(check);
        check();
      });
    },
  };
}
