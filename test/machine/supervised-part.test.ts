import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type PartEnd,
  type PartExit,
  type PartProcess,
  type SupervisedPart,
  supervisePart,
} from "../../machine/supervised-part.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const STOP_MS = 3_000;

/** A process as the test wants it. */
class FakeProcess implements PartProcess {
  readonly ready: Promise<void>;
  readonly exited: Promise<PartExit>;
  isAlive = true;
  isAskedToEnd = false;
  becomeReady: () => void = () => undefined;
  #end: (exit: PartExit) => void = () => undefined;
  readonly #obeys: boolean;

  constructor(obeys: boolean) {
    this.#obeys = obeys;
    this.ready = new Promise((resolve) => {
      this.becomeReady = resolve;
    });
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }
  end(exit: Partial<PartExit> = {}): void {
    this.isAlive = false;
    this.#end({ how: "exit code 1", clean: false, restartable: true, unfinished: null, ...exit });
  }
  terminate(): void {
    this.isAskedToEnd = true;
    if (this.#obeys) this.end({ how: "exit code 0", clean: true });
  }
  kill(): void {
    this.end({ how: "SIGKILL" });
  }
}

function fakePart(options: { obeys?: boolean } = {}): { part: SupervisedPart; launched: FakeProcess[] } {
  const launched: FakeProcess[] = [];
  const part = supervisePart({
    name: "part",
    launch: () => {
      const process = new FakeProcess(options.obeys ?? true);
      launched.push(process);
      return process;
    },
    onExit: () => undefined,
  });
  return { part, launched };
}

type Step = "ready" | "crash" | "wait a little" | "wait long";
const step = fc.constantFrom<Step>("ready", "crash", "wait a little", "wait long");

async function take(one: Step, launched: readonly FakeProcess[]): Promise<void> {
  const current = launched.at(-1);
  if (one === "ready") current?.becomeReady();
  else if (one === "crash") current?.end();
  await vi.advanceTimersByTimeAsync(one === "wait long" ? 40_000 : one === "wait a little" ? 100 : 0);
}

describe("a supervised part", () => {
  it("ends stopped from every state, with no process left and none started after", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom("stop", "kill", "stop, then kill"),
        fc.array(step, { maxLength: 4 }),
        fc.boolean(),
        async (before, how, after, obeys) => {
          const { part, launched } = fakePart({ obeys });
          for (const one of before) await take(one, launched);
          expect(launched.filter(({ isAlive }) => isAlive).length).toBeLessThanOrEqual(1);
          const ends: PartEnd[] = [];
          const asked = how === "kill" ? [part.kill()] : [part.stop(STOP_MS)];
          const launchedBefore = launched.length;
          if (how === "stop, then kill") asked.push(part.kill());
          for (const promise of asked) void promise.then((end) => ends.push(end));
          for (const one of after) await take(one, launched);
          await vi.advanceTimersByTimeAsync(STOP_MS);
          expect(ends).toHaveLength(asked.length);
          await vi.advanceTimersByTimeAsync(120_000);
          expect(launched).toHaveLength(launchedBefore);
          expect(launched.filter(({ isAlive }) => isAlive)).toEqual([]);
          expect(await part.stop(STOP_MS)).toEqual(ends[0]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is started again with a pause that doubles, once it has worked", async () => {
    const { launched } = fakePart();
    launched[0]?.becomeReady();
    await vi.advanceTimersByTimeAsync(0);
    for (const pauseMs of [200, 400, 800]) {
      const count = launched.length;
      launched.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(launched).toHaveLength(count);
      await vi.advanceTimersByTimeAsync(1);
      expect(launched).toHaveLength(count + 1);
    }
  });

  it("that never worked, or that a restart cannot help, is broken and not started again", async () => {
    const never = fakePart();
    never.launched[0]?.end({ how: "exit code 3" });
    expect(await never.part.broken).toBe("the part cannot run (exit code 3)");
    const misconfigured = fakePart();
    misconfigured.launched[0]?.becomeReady();
    await vi.advanceTimersByTimeAsync(0);
    misconfigured.launched[0]?.end({ how: "exit code 78", restartable: false });
    expect(await misconfigured.part.broken).toBe("the part cannot run (exit code 78)");
    await vi.advanceTimersByTimeAsync(120_000);
    expect([never.launched.length, misconfigured.launched.length]).toEqual([1, 1]);
  });

  it("tells how it stopped: cleanly, by force, or before it was asked", async () => {
    const clean = fakePart();
    expect(await clean.part.stop(STOP_MS)).toEqual({ kind: "clean", unfinished: null });

    const deaf = fakePart({ obeys: false });
    const end = deaf.part.stop(STOP_MS);
    await vi.advanceTimersByTimeAsync(STOP_MS - 1);
    expect(deaf.launched[0]).toMatchObject({ isAlive: true, isAskedToEnd: true });
    await vi.advanceTimersByTimeAsync(1);
    expect(await end).toEqual({ kind: "killed" });

    const crashed = fakePart();
    crashed.launched[0]?.becomeReady();
    await vi.advanceTimersByTimeAsync(0);
    crashed.launched[0]?.end({ how: "SIGSEGV" });
    await vi.advanceTimersByTimeAsync(0);
    expect(await crashed.part.stop(STOP_MS)).toEqual({ kind: "crashed", how: "SIGSEGV" });
  });
});
