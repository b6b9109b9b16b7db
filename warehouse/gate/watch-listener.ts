import { setTimeout as delay } from "node:timers/promises";

export interface ListenerWatch {
  ping(timeoutMs: number): Promise<boolean>;
  /** It has answered before, and no longer does. */
  onGone(): void;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const EVERY_MS = 1_000;
/** A server that is busy answers late; one that is gone refuses at once. */
const TIMEOUT_MS = 10_000;
const MAX_FAILURES = 3;

/** Asks a listener again and again, from its first answer on, and tells once when it has failed three times in a row. */
export async function watchListener(watch: ListenerWatch): Promise<void> {
  const { everyMs = EVERY_MS, timeoutMs = TIMEOUT_MS, signal } = watch;
  let failures: number | null = null;
  while (signal?.aborted !== true) {
    const answers = await watch.ping(timeoutMs);
    if (answers) failures = 0;
    else if (failures !== null) failures += 1;
    if (failures === MAX_FAILURES) return watch.onGone();
    await delay(everyMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
