import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../support/wait-for.ts";
import { freePort } from "../../warehouse/test-warehouse.ts";
import { runChild } from "./child.ts";

export interface RedisServer {
  readonly url: string;
  kill(): Promise<void>;
  /** Stands still, with all its connections. */
  freeze(): void;
  thaw(): void;
  /** What is on its disk now; `restart` with it goes back to it. */
  copy(): Promise<string>;
  restart(copy?: string): Promise<void>;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;

/** A real Redis with an append-only file, on a free port in a temporary directory. */
export async function startRedisServer(extra: readonly string[] = []): Promise<RedisServer> {
  requireRedis();
  const directory = await mkdtemp(join(tmpdir(), "vigor-redis-"));
  const port = await freePort();
  const args = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"],
    ...extra,
  ];
  const start = async () => {
    const server = runChild("redis-server", args);
    const ready = () => {
      if (server.hasEnded()) throw new Error(`Redis ended:\n${server.output()}`);
      return server.output().includes("Ready to accept connections");
    };
    await waitFor("Redis", ready, START_TIMEOUT_MS);
    return server;
  };
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    kill: () => server.end("SIGKILL"),
    freeze: () => server.signal("SIGSTOP"),
    thaw: () => server.signal("SIGCONT"),
    async copy() {
      const copy = await mkdtemp(join(tmpdir(), "vigor-redis-copy-"));
      await cp(directory, copy, { recursive: true });
      return copy;
    },
    async restart(copy) {
      if (copy !== undefined) {
        await rm(join(directory, "appendonlydir"), { recursive: true, force: true });
        await cp(copy, directory, { recursive: true });
        await rm(copy, { recursive: true, force: true });
      }
      server = await start();
    },
    async close() {
      await server.end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function requireRedis(): void {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
  } catch (cause) {
    throw new Error("Redis is not installed: run scripts/install-services.sh", { cause });
  }
}
