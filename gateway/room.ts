/**
 * Requests that would fit but for what others in flight have reserved, and may not need: they wait for a moment, first come, first
 * served for each counter, instead of being told that a budget is used up which is not.
 */
export interface Room {
  /** Resolves when the counter may have room, or after `maxMs`; false at once when too many wait already. */
  wait(key: string, maxMs: number): Promise<boolean>;
  /** Reservations on these counters are smaller now: the first one who waits for each may try again. */
  freed(keys: readonly string[]): void;
  waiting(): number;
}

const MAX_WAITING = 2_000;

export function openRoom(): Room {
  const queues = new Map<string, Set<() => void>>();
  let waiting = 0;
  const leave = (key: string, wake: () => void): void => {
    const queue = queues.get(key);
    if (queue?.delete(wake) !== true) return;
    waiting -= 1;
    if (queue.size === 0) queues.delete(key);
  };
  return {
    wait(key, maxMs) {
      if (waiting >= MAX_WAITING) return Promise.resolve(false);
      waiting += 1;
      const queue = queues.get(key) ?? new Set<() => void>();
      queues.set(key, queue);
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          leave(key, wake);
          resolve(true);
        };
        const timer = setTimeout(wake, maxMs);
        queue.add(wake);
      });
    },
    freed(keys) {
      if (waiting === 0) return;
      for (const key of keys) {
        const [first] = queues.get(key) ?? [];
        first?.();
      }
    },
    waiting: () => waiting,
  };
}
