import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import { waitFor } from "../support/wait-for.ts";

const CHILD = path.join(import.meta.dirname, "usage-store.crash-child.ts");
const ROUNDS = 8;
const MAX_WAIT_MS = 60_000;
const BOUND = 10;
const COST = 3;
/** Calls that a child can have under way when it is killed. */
const CALLERS = 16;

test("kill -9 at any moment loses no acknowledged reservation and no acknowledged settlement", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "vigor-crash-"));
  const options = { directory: path.join(directory, "store"), now: Date.now };
  const reserved = new Set<string>();
  const settled = new Set<string>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const line of await runUntilKilled({ directory, round, afterBytes: 1 + round * 9_999 })) {
        const [what, id = ""] = line.split(" ");
        (what === "reserved" ? reserved : settled).add(id);
      }
      const store = await openEmbeddedUsageStore(options);
      const [all = { used: 0, reserved: 0 }] = await store.read(["all"]);
      await store.close();
      const open = reserved.size - settled.size;
      // In flight when killed: each may or may not have been written, and at most once.
      const inFlight = CALLERS * (round + 1);
      expect(all.used).toBeGreaterThanOrEqual(settled.size * COST);
      expect(all.used).toBeLessThanOrEqual((settled.size + inFlight) * COST);
      expect(all.used / COST + all.reserved / BOUND).toBeGreaterThanOrEqual(settled.size + open);
      expect(all.used / COST + all.reserved / BOUND).toBeLessThanOrEqual(settled.size + open + inFlight);
    }
    const store = await openEmbeddedUsageStore(options);
    const left = await store.expiredReservations(Number.POSITIVE_INFINITY);
    const ids = new Set(left.map(({ id }) => id));
    expect(left.filter(({ id }) => settled.has(id))).toEqual([]);
    expect([...reserved].filter((id) => !settled.has(id) && !ids.has(id)).length).toBeLessThanOrEqual(
      CALLERS * ROUNDS,
    );
    await store.close();
  } finally {
    await rm(directory, { recursive: true });
  }
}, 300_000);

interface Run {
  readonly directory: string;
  readonly round: number;
  readonly afterBytes: number;
}

/** The child says what was acknowledged into a file: what it has written there survives it, as the journal must. */
async function runUntilKilled({ directory, round, afterBytes }: Run): Promise<string[]> {
  const said = path.join(directory, `said-${round}.txt`);
  const output = await open(said, "w");
  const child = spawn(
    process.execPath,
    ["--import", "@oxc-node/core/register", CHILD, path.join(directory, "store"), String(round)],
    {
      stdio: ["ignore", output.fd, "inherit"],
    },
  );
  const exited = once(child, "exit");
  try {
    await waitFor(
      "enough work of the child",
      async () => (await output.stat()).size >= afterBytes,
      MAX_WAIT_MS,
    );
  } finally {
    child.kill("SIGKILL");
    await output.close();
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return (await readFile(said, "utf8")).split("\n").slice(0, -1);
}
