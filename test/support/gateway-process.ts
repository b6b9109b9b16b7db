import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { freePort } from "../warehouse/test-warehouse.ts";
import { readableLog } from "./readable-log.ts";
import { catalogDocument } from "./test-catalog.ts";
import { waitFor } from "./wait-for.ts";

/** `npm run gateway` as a process of its own, with providers and a reader of its log that outlive it. */
export interface GatewayProcess {
  readonly url: string;
  readonly key: string;
  readonly adminToken: string;
  readonly provider: SimulatedProvider;
  /** Starts it, again after a kill; resolves when it is ready. */
  start(): Promise<void>;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  pid(): number;
  events(): Promise<RequestEvent[]>;
  setTier(user: string, tier: string): Promise<void>;
  close(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 60_000;

export async function openGatewayProcess(options: {
  readonly catalog: Record<string, unknown>;
  readonly latencyScale?: number;
}): Promise<GatewayProcess> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-gateway-process-"));
  const catalogFile = join(directory, "catalog.yaml");
  await writeFile(catalogFile, stringify(catalogDocument(options.catalog)));
  const provider = await startSimulatedProvider({ latencyScale: options.latencyScale ?? 0 });
  const log = readableLog(
    await openEmbeddedEventLog({ directory: join(directory, "data", "log"), writer: "test" }),
  );
  const key = await makeKey(log);
  const port = await freePort();
  const adminToken = "an-admin-token-of-tests";
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  const kill = async (): Promise<void> => {
    if (child === null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    child = null;
  };
  return {
    url,
    key,
    adminToken,
    provider,
    async start() {
      const started = spawn(process.execPath, ["--import", "@oxc-node/core/register", "gateway/main.ts"], {
        cwd: ROOT,
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          VIGOR_DATA_DIR: join(directory, "data"),
          CATALOG_FILE: catalogFile,
          GATEWAY_PORT: String(port),
          SIMULATED_PROVIDER_URL: provider.url,
          ADMIN_TOKEN: adminToken,
          LOG_LEVEL: "error",
        },
        stdio: ["ignore", "inherit", "inherit"],
      });
      child = started;
      await waitFor(
        "the gateway",
        () => {
          if (started.exitCode !== null) throw new Error(`the gateway ended with ${started.exitCode}`);
          return isReady(url);
        },
        START_TIMEOUT_MS,
      );
    },
    kill,
    pid: () => child?.pid ?? 0,
    async events() {
      const events: RequestEvent[] = [];
      for await (const event of log.scan("requests", 0)) events.push(event);
      return events;
    },
    setTier: (user, tier) =>
      append(log, "users", {
        type: "set",
        event_id: crypto.randomUUID(),
        user_id: user,
        ts: Date.now(),
        tier,
        actor: "test",
      }),
    async close() {
      await kill();
      await log.close();
      await provider.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeKey(log: EventLog): Promise<string> {
  const key = `vk-${randomBytes(12).toString("hex")}`;
  const key_sha256 = createHash("sha256").update(key).digest("hex");
  await append(log, "keys", { type: "created", id: "test", name: "test", key_sha256, ts: Date.now() });
  return key;
}

async function append(log: EventLog, topic: "keys" | "users", event: object): Promise<void> {
  await log.append(topic, [{ key: "test", value: Buffer.from(JSON.stringify(event)) }]);
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
