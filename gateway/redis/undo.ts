import type { Charge } from "../../models/domain/charge.ts";

/** Releases reservations whose outcome is unknown, as soon as the store can be asked again. */
export interface Undo {
  add(id: string, charges: readonly Charge[]): void;
  /** Does not wait for what cannot be released now: that expires. */
  close(): Promise<void>;
}

export interface UndoOptions {
  readonly release: (id: string, charges: readonly Charge[]) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

const MAX_WAITING = 20_000;
const RETRY_MS = 500;

export function openUndo({ release, onError }: UndoOptions): Undo {
  const waiting = new Map<string, readonly Charge[]>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function work(): Promise<void> {
    for (const [id, charges] of waiting) {
      try {
        await release(id, charges);
        waiting.delete(id);
      } catch (error) {
        onError(error);
        break;
      }
    }
    timer = null;
    if (waiting.size > 0) schedule();
  }

  function schedule(): void {
    if (closed) return;
    timer ??= setTimeout(() => void work(), RETRY_MS).unref();
  }

  return {
    add(id, charges) {
      if (waiting.size < MAX_WAITING) waiting.set(id, charges);
      schedule();
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await work();
    },
  };
}
