import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../config.ts";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import { lockRole } from "../../machine/lock.ts";
import { acquireProcessLock } from "../../runtime/process-lock.ts";

const STARTERS = 12;
const ROUNDS = 4;
const reply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("acquired") }),
  z.object({ kind: z.literal("held"), pid: z.number().nullable() }),
]);

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-lock-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a process lock", () => {
  it("goes to exactly one of many starters at once, each time its holder was killed with SIGKILL", async () => {
    const file = join(directory, "many.lock");
    for (let round = 0; round < ROUNDS; round++) {
      const starters = await Promise.all(Array.from({ length: STARTERS }, () => starter(file)));
      const outcomes = await Promise.all(
        starters.map(async (child) => {
          child.send("go");
          const [message] = await once(child, "message");
          return reply.parse(message);
        }),
      );
      const holders = starters.filter((_, index) => outcomes[index]?.kind === "acquired");
      expect(holders).toHaveLength(1);
      const [holder] = holders;
      expect((await readFile(file, "utf8")).trim()).toBe(String(holder?.pid));
      const named = outcomes.flatMap((outcome) => (outcome.kind === "held" ? [outcome.pid] : []));
      // Who asked in the instant between the lock and the name was told no name.
      expect(named.filter((pid) => pid !== null && pid !== holder?.pid)).toEqual([]);
      await Promise.all(starters.map(kill));
    }
  }, 60_000);

  it("is not held by a file alone, whatever process the file names", async () => {
    const file = join(directory, "left-behind.lock");
    await writeFile(file, `${process.pid} 12345`);
    const outcome = await acquireProcessLock(file);
    expect(outcome.kind).toBe("acquired");
    if (outcome.kind === "acquired") await outcome.lock.release();
  });

  it("is held against its own process, too, and free after its release", async () => {
    const file = join(directory, "own.lock");
    const first = await acquireProcessLock(file);
    expect(await acquireProcessLock(file)).toEqual({ kind: "held", pid: process.pid });
    if (first.kind === "acquired") await first.lock.release();
    const second = await acquireProcessLock(file);
    expect(second.kind).toBe("acquired");
    if (second.kind === "acquired") await second.lock.release();
  });

  it("of a role says who holds the data directory and what to do", async () => {
    const lock = await lockRole(directory, "gateway");
    const refusal = await lockRole(directory, "gateway").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(String(refusal)).toContain(`its gateway runs as process ${process.pid}`);
    expect(String(refusal)).toContain("VIGOR_DATA_DIR");
    await lock.release();
    await (await lockRole(directory, "gateway")).release();
  });

  it("keeps a second usage store out of a directory, and says who is in", async () => {
    const options = { directory: join(directory, "usage"), now: Date.now };
    const store = await openEmbeddedUsageStore(options);
    await expect(openEmbeddedUsageStore(options)).rejects.toThrow(`in use by process ${process.pid}`);
    await store.close();
    await (await openEmbeddedUsageStore(options)).close();
  });
});

async function starter(file: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "lock-starter.ts"), [file], {
    execArgv: ["--import", "@oxc-node/core/register"],
  });
  await once(child, "message");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
