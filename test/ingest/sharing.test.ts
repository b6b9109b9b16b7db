import { expect, test } from "vitest";
import { createSignal, createSlots, shareNextRun } from "../../ingest/segments/sharing.ts";

interface Run {
  finish(): void;
  fail(): void;
}

function manualRuns() {
  const runs: Run[] = [];
  const call = shareNextRun(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = runs.length + 1;
        runs.push({ finish: () => resolve(number), fail: () => reject(new Error(`run ${number}`)) });
      }),
  );
  return { runs, call };
}

test("a call made during a run gets the result of the next one, which all such calls share", async () => {
  const { runs, call } = manualRuns();
  const first = call();
  const during = [call(), call(), call()];
  expect(runs).toHaveLength(1);
  runs[0]?.finish();
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  const duringSecond = call();
  runs[1]?.finish();
  expect(await Promise.all(during)).toEqual([2, 2, 2]);
  await Promise.resolve();
  runs[2]?.finish();
  expect(await duringSecond).toBe(3);
});

test("a failed run fails its own callers only", async () => {
  const { runs, call } = manualRuns();
  const first = call();
  const second = call();
  runs[0]?.fail();
  await expect(first).rejects.toThrow("run 1");
  await Promise.resolve();
  runs[1]?.finish();
  expect(await second).toBe(2);
});

test("a signal given while nobody waits is not lost, and wakes once", async () => {
  const signal = createSignal();
  signal.notify();
  signal.notify();
  await signal.wait();
  let woken = false;
  const waiting = signal.wait().then(() => (woken = true));
  await Promise.resolve();
  expect(woken).toBe(false);
  signal.notify();
  await waiting;
});

test("no more pieces of work run at once than there are slots, and a failed one gives its slot back", async () => {
  const inSlot = createSlots(3);
  let running = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      inSlot(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (index % 4 === 0) throw new Error("failed");
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(5);
});
