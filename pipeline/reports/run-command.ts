import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../runtime/user-error.ts";

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  onLine?(line: string): void;
}

/** Enough to see what went wrong, and never the whole of an endless output. */
const KEPT_LINES = 40;

/** The command ended, but not well; the message ends with what it said last. */
export class CommandError extends UserError {
  constructor(message: string, lastLines: readonly string[]) {
    super([message, ...lastLines].join("\n"));
  }
}

/**
 * Runs a command until it ends. One that fails, takes too long or is no longer wanted rejects with a {@link CommandError}; then none of its
 * children is left either, because they are a process group of their own.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  { cwd, env, timeoutMs, signal, onLine }: CommandOptions,
): Promise<void> {
  if (signal?.aborted === true) return Promise.reject(new CommandError("stopped before it began", []));
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let stopped: string | null = null;
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (reason: string): void => {
      stopped ??= reason;
      killGroup(child);
    };
    const onAbort = (): void => stop("stopped");
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 1_000} s`), timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    const keep = (line: string): void => {
      if (line.trim() === "") return;
      // Colours are for a terminal, and this may become an alert.
      const plain = stripVTControlCharacters(line);
      if (lines.push(plain) > KEPT_LINES) lines.shift();
      onLine?.(plain);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", keep);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      killGroup(child);
      outcome();
    };
    child.once("error", (error) => settle(() => reject(new CommandError(error.message, lines))));
    child.once("close", (code, ended) =>
      settle(() => {
        if (stopped === null && code === 0) return resolve();
        reject(new CommandError(`${file} ${stopped ?? `ended with ${ended ?? `exit code ${code}`}`}`, lines));
      }),
    );
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // The whole group is gone already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
