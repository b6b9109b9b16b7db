import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { childEnvironment } from "../config.ts";
import { EXIT_CONFIG } from "./role.ts";

export interface ChildSpec {
  readonly role: string;
  /** Below the repository: `gateway/main.ts`. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  onLine(line: string, from: "stdout" | "stderr"): void;
  /** It ended without being asked to, and is started again after `restartInMs`; null = it is not. */
  onExit(exit: { code: number | null; signal: string | null; restartInMs: number | null }): void;
}

export interface SupervisedChild {
  /** Resolves when the child says that it is ready the first time; rejects when it ends before that. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;
/** A child that ran that long starts again at once. */
const STABLE_AFTER_MS = 30_000;
const KILL_AFTER_MS = 35_000;

/** What a request makes dies before the small default is full, and is not copied: a tenth less processor time for the gateway. */
const NODE_OPTIONS = ["--max-semi-space-size=32", "--import", "@oxc-node/core/register"];

/** Runs one role in a child process and starts it again when it ends by itself, with exponential back-off. */
export function superviseChild(spec: ChildSpec, root: string): SupervisedChild {
  let child: ChildProcess | null = null;
  let restartMs = FIRST_RESTART_MS;
  let restartTimer: NodeJS.Timeout | undefined;
  let stopping = false;
  let wasReady = false;
  let settleReady: { resolve: () => void; reject: (error: Error) => void };
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject };
  });

  const start = (): void => {
    const startedAt = performance.now();
    const started = spawn(process.execPath, [...NODE_OPTIONS, spec.script, ...(spec.args ?? [])], {
      cwd: root,
      env: childEnvironment(spec.env),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Ctrl-C in the terminal goes to the whole group: the supervisor decides who stops when.
      detached: true,
    });
    child = started;
    passLines(started.stdout, (line) => spec.onLine(line, "stdout"));
    passLines(started.stderr, (line) => spec.onLine(line, "stderr"));
    started.on("message", () => {
      wasReady = true;
      settleReady.resolve();
    });
    started.once("close", (code, signal) => {
      child = null;
      if (stopping) return;
      if (performance.now() - startedAt > STABLE_AFTER_MS) restartMs = FIRST_RESTART_MS;
      const again = wasReady && code !== EXIT_CONFIG;
      spec.onExit({ code, signal, restartInMs: again ? restartMs : null });
      if (!again) {
        settleReady.reject(new Error(`${spec.role} ended with ${signal ?? `exit code ${code}`}`));
        return;
      }
      restartTimer = setTimeout(start, restartMs);
      restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
    });
  };
  start();

  return {
    ready,
    stop() {
      stopping = true;
      clearTimeout(restartTimer);
      const running = child;
      if (running === null) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => running.kill("SIGKILL"), KILL_AFTER_MS);
        running.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
        running.kill("SIGTERM");
      });
    },
  };
}

function passLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null)
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
}
