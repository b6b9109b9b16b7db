/** Lets `limit` pieces of work run at once; the others wait in order. */
export function semaphore(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so that nobody new slips in before the one who waits.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
