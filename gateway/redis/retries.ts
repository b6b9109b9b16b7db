/** Work for Redis that did not get an answer, done again and again until it does. Each piece may be done twice. */
export interface Retries {
  /** False: too much waits already, and it is not taken. */
  add(id: string, work: () => Promise<unknown>): boolean;
  /** Does not wait for what cannot be done now. */
  close(): Promise<void>;
}

const MAX_WAITING = 20_000;
const RETRY_MS = 500;

export function openRetries(onError: (error: unknown) => void): Retries {
  const waiting = new Map<string, () => Promise<unknown>>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function workAll(): Promise<void> {
    for (const [id, work] of waiting) {
      try {
        await work();
        waiting.delete(id);
      } catch (error) {
        onError(error);
        // Last, so that one that never succeeds does not keep the others from it.
        waiting.delete(id);
        waiting.set(id, work);
        break;
      }
    }
    timer = null;
    if (waiting.size > 0) schedule();
  }

  function schedule(): void {
    if (closed) return;
    timer ??= setTimeout(() => void workAll(), RETRY_MS).unref();
  }

  return {
    add(id, work) {
      if (waiting.size >= MAX_WAITING) return false;
      waiting.set(id, work);
      schedule();
      return true;
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await workAll();
    },
  };
}
