import { type ChildProcess, spawn } from "node:child_process";

export interface RunningChild {
  readonly pid: number;
  /** What it has printed. */
  output(): string;
  hasEnded(): boolean;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const MAX_OUTPUT = 1 << 20;

export function runChild(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): RunningChild {
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    hasEnded: () => ended,
    ended: gone,
    signal(signal) {
      child.kill(signal);
    },
    async end(signal) {
      if (!ended) child.kill(signal);
      await gone;
    },
  };
}
