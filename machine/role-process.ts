import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { childEnvironment } from "../config.ts";
import { EXIT_CONFIG } from "./role.ts";
import type { PartExit, PartProcess } from "./supervised-part.ts";

export interface RoleCommand {
  /** Below the repository: `gateway/main.ts`. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("stopped"), unfinished: z.string().nullable() }),
]);

/** What a request makes dies before the small default is full, and is not copied: a tenth less processor time for the gateway. */
const NODE_OPTIONS = ["--max-semi-space-size=32", "--import", "@oxc-node/core/register"];
/** Its last words may still be in the pipe when a process is gone; a child of its own could keep the pipe open for ever. */
const MAX_LAST_WORDS_MS = 500;

/** Starts one role as a child process, which ends by itself when this process does: its channel closes then. */
export function launchRole(
  { script, args = [], env }: RoleCommand,
  { root, onLine }: { readonly root: string; onLine(line: string): void },
): PartProcess {
  const child = spawn(process.execPath, [...NODE_OPTIONS, script, ...args], {
    cwd: root,
    env: childEnvironment(env),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Ctrl-C in the terminal goes to the whole group: the supervisor decides who stops when.
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) passLines(stream, onLine);
  let unfinished: string | null = null;
  const ready = new Promise<void>((resolve) => {
    child.on("message", (received) => {
      const said = message.parse(received);
      if (said.type === "ready") resolve();
      else unfinished = said.unfinished;
    });
  });
  return {
    ready,
    exited: exitOf(child, () => unfinished),
    terminate: () => child.kill("SIGTERM"),
    kill: () => child.kill("SIGKILL"),
  };
}

function exitOf(child: ChildProcess, unfinished: () => string | null): Promise<PartExit> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      // A process that runs reports failed signals and messages here, too.
      if (child.pid !== undefined) return;
      resolve({ how: error.message, clean: false, restartable: true, unfinished: null });
    });
    child.once("exit", (code, signal) => {
      const exit = {
        how: signal ?? `exit code ${code}`,
        // A process that dies of the request to stop had not begun its work: those that have handle the signal.
        clean: code === 0 || signal === "SIGTERM",
        restartable: code !== EXIT_CONFIG,
      };
      const lastWords = Promise.race([once(child, "close"), delay(MAX_LAST_WORDS_MS)]);
      void lastWords.then(() => resolve({ ...exit, unfinished: unfinished() }));
    });
  });
}

function passLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null)
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
}
