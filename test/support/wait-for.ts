import { setTimeout as delay } from "node:timers/promises";

const EVERY_MS = 10;

/** Asks until the answer is not false, null or undefined; throws when it has not come within `maxMs`. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  maxMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + maxMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${maxMs} ms`);
    await delay(EVERY_MS);
  }
}
