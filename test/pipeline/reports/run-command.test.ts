import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCommand } from "../../../pipeline/reports/run-command.ts";
import { waitFor } from "../../support/wait-for.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-command-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const sh = (script: string, more: Partial<Parameters<typeof runCommand>[2]> = {}) =>
  runCommand("/bin/sh", ["-c", script], {
    cwd: directory,
    env: { PATH: process.env.PATH },
    timeoutMs: 30_000,
    ...more,
  });

it("hands out every line of both streams", async () => {
  const lines: string[] = [];
  await sh("echo one; echo two >&2", { onLine: (line) => lines.push(line) });
  expect(lines.toSorted()).toEqual(["one", "two"]);
});

it("a failure tells the exit code and what was said last", async () => {
  await expect(sh("echo the reason >&2; exit 3")).rejects.toThrow(/exit code 3\nthe reason/);
});

it("a command that does not exist is a failure with its name", async () => {
  const run = runCommand("no-such-command", [], { cwd: directory, env: {}, timeoutMs: 1_000 });
  await expect(run).rejects.toThrow(/no-such-command/);
});

it("one that takes too long is ended with its children, and says so", async () => {
  // The child holds the output open: only a killed group ends before it.
  const run = sh("sleep 300 & echo $! > child; wait", { timeoutMs: 500 });
  await expect(run).rejects.toThrow(/took longer than 0.5 s/);
  expect(await isGone()).toBe(true);
});

it("one that is no longer wanted is ended with its children", async () => {
  const stop = new AbortController();
  const run = sh("sleep 300 & echo $! > child; echo started; wait", {
    signal: stop.signal,
    onLine: () => stop.abort(),
  });
  await expect(run).rejects.toThrow(/stopped/);
  expect(await isGone()).toBe(true);
  await expect(sh("echo never", { signal: stop.signal })).rejects.toThrow(/before it began/);
});

async function isGone(): Promise<boolean> {
  const pid = Number(await readFile(join(directory, "child"), "utf8"));
  await waitFor("the child's end", () => !isAlive(pid));
  return true;
}

/** One that has ended counts as gone, whether somebody has waited for it or not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return /^[^Z\s]/.test(stdout.trim());
}

it("what was said is kept without the colours of a terminal", async () => {
  await expect(sh("printf '\\033[31mred\\033[0m\\n' >&2; exit 1")).rejects.toThrow(/exit code 1\nred$/);
});
