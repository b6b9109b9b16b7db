import type { ProviderFailure } from "../providers/provider-client.ts";

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 2_000;
/** A provider that asks for more patience is not tried again: its `retry-after` goes to the caller. */
const MAX_RETRY_AFTER_MS = 5_000;
/** So that those who were told the same moment do not all come at once. */
const JITTER_MS = 250;
const LOOK_EVERY_MS = 50;

/**
 * How long to wait before the same provider is called again; null: that would not help, or could be billed twice. Without a
 * `retry-after`, a random time up to a bound that doubles ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `draw` is uniform in [0, 1).
 */
export function pauseBeforeRetry(
  { failure, mayBeBilled, retryAfterSeconds }: ProviderFailure,
  { tries, draw }: { readonly tries: number; readonly draw: number },
): number | null {
  if (mayBeBilled || failure === "rejected" || failure === "timeout") return null;
  if (retryAfterSeconds === null)
    return draw * Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, tries - 1), LAST_PAUSE_MS);
  const afterMs = retryAfterSeconds * 1_000;
  return afterMs > MAX_RETRY_AFTER_MS ? null : afterMs + draw * JITTER_MS;
}

/** Ends early when nobody waits for the answer any more. */
export async function pause(ms: number, isGone: () => boolean): Promise<void> {
  const untilMs = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0 && !isGone(); leftMs = untilMs - performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, LOOK_EVERY_MS)));
  }
}
