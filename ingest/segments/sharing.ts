/**
 * Calls share runs: each call gets the result of a run that began after the call was made, at most one runs at
 * a time, and all calls made during a run share the one after it.
 */
export function shareNextRun<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let following: Promise<T> | null = null;

  function start(): Promise<T> {
    const current = run().finally(() => {
      if (running === current) running = null;
    });
    running = current;
    return current;
  }

  function startFollowing(): Promise<T> {
    following = null;
    return start();
  }

  return () => {
    if (running === null) return start();
    following ??= running.then(startFollowing, startFollowing);
    return following;
  };
}

/** A wake-up call that is never lost: one given while nobody waits is kept for the next wait. */
export interface Signal {
  notify(): void;
  wait(): Promise<void>;
}

export function createSignal(): Signal {
  let notified = false;
  let wake: (() => void) | null = null;
  return {
    notify() {
      notified = true;
      wake?.();
    },
    async wait() {
      if (!notified) await new Promise<void>((resolve) => (wake = resolve));
      notified = false;
      wake = null;
    },
  };
}

/** Lets at most `limit` pieces of work run at once, the others in the order of their calls. */
export function createSlots(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return async (work) => {
    if (taken >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else taken += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else taken -= 1;
    }
  };
}
