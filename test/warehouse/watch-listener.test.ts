import { expect, test } from "vitest";
import { watchListener } from "../../warehouse/gate/watch-listener.ts";

/** What the pings find, one after the other; resolves with how many there were when the listener was found gone. */
async function pingsUntilGone(found: readonly boolean[]): Promise<number | null> {
  const end = new AbortController();
  let pings = 0;
  let gone: number | null = null;
  await watchListener({
    everyMs: 0,
    signal: end.signal,
    ping: async () => {
      const answers = found[pings] ?? true;
      pings += 1;
      if (pings === found.length) end.abort();
      return answers;
    },
    onGone: () => {
      gone = pings;
    },
  });
  return gone;
}

test("a listener is gone after three pings in a row without an answer, and not after fewer", async () => {
  expect(await pingsUntilGone([true, false, false, true, false, false, true, true])).toBeNull();
  expect(await pingsUntilGone([true, false, false, false])).toBe(4);
});

test("a listener that has not answered yet is starting, not gone", async () => {
  expect(await pingsUntilGone([false, false, false, false, false, true])).toBeNull();
});
