export const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 30 * 60_000;

/** When a delivery that failed `attempts` times is tried again; null: it is given up, after about an hour. */
export function nextAttemptMs(attempts: number, nowMs: number): number | null {
  if (attempts >= MAX_ATTEMPTS) return null;
  return nowMs + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1));
}
