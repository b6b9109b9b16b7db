import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { z } from "zod";
import type { ChildSettings } from "./child-settings.ts";

/** The gateway under load, in a process of its own, so that its memory is its own. */
export interface GatewayProcess {
  readonly url: string;
  rssBytes(): Promise<number>;
  stop(): Promise<void>;
}

const STOP_WAIT_MS = 30_000;

export async function startGatewayProcess(settings: ChildSettings): Promise<GatewayProcess> {
  const child = fork(join(import.meta.dirname, "gateway-child.ts"), [JSON.stringify(settings)], {
    execArgv: ["--import", "@oxc-node/core/register"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { port } = z.object({ port: z.number() }).parse(await nextMessage(child));
  return {
    url: `http://127.0.0.1:${port}`,
    async rssBytes() {
      const answer = nextMessage(child);
      child.send("memory");
      return z.object({ rssBytes: z.number() }).parse(await answer).rssBytes;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
      child.send("stop");
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Rejects when the process ends instead. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      once(child, "message", ended).then(([message]) => message),
      once(child, "exit", ended).then(([code]) => {
        throw new Error(`the gateway ended with ${code}`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}
