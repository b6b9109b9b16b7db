import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { waitFor } from "../../support/wait-for.ts";
import { freePort } from "../../warehouse/test-warehouse.ts";
import { type RunningChild, runChild } from "./child.ts";
import { startRoundRobin } from "./round-robin.ts";

export interface FleetOptions {
  readonly eventLogUrl: string;
  readonly usageStoreUrl: string;
  readonly warehouseUrl: string;
  readonly simulatedUrl: string;
  readonly catalog: Record<string, unknown>;
  /** Default 2. */
  readonly ingests?: number;
  /** Default 1. */
  readonly pipelines?: number;
  /** How long a gateway that stops goes on serving. Default: as in docker-compose.yml. */
  readonly drainSeconds?: number;
  /** A module that every gateway loads before its own code. */
  readonly gatewayPreload?: string;
}

/** One process of the fleet, which can be ended and started again on its own data. */
export interface FleetProcess {
  pid(): number;
  output(): string;
  hasEnded(): boolean;
  end(signal: NodeJS.Signals): Promise<void>;
  /** After its end; resolves when it is ready. */
  startAgain(): Promise<void>;
}

/** Processes as a deployment on many machines runs them: two gateways behind a load balancer, ingests, pipelines. */
export interface Fleet {
  readonly gatewayUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly controlUrl: string;
  readonly adminToken: string;
  readonly gateways: readonly FleetProcess[];
  readonly ingests: readonly FleetProcess[];
  /** The first one serves the control API that the tests ask. */
  readonly pipelines: readonly FleetProcess[];
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Runs one of the tools with the fleet's settings; resolves with what it printed when it has ended. */
  runTool(script: string, args: readonly string[], timeoutMs?: number): Promise<{ output: string }>;
  /** What every process has printed. */
  output(): string;
  close(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../../..");
const START_TIMEOUT_MS = 90_000;
const DRAIN_SECONDS = 5;
const ADMIN_TOKEN = "an-admin-token-of-tests";

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-fleet-"));
  const catalogFile = join(directory, "catalog.yaml");
  await writeFile(catalogFile, stringify(options.catalog));
  const ports = [await freePort(), await freePort()];
  const controlPorts = await Promise.all(Array.from({ length: options.pipelines ?? 1 }, freePort));
  const balancer = await startRoundRobin(ports);
  const shared = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME },
    CATALOG_FILE: catalogFile,
    EVENT_LOG_URL: options.eventLogUrl,
    USAGE_STORE_URL: options.usageStoreUrl,
    WAREHOUSE_URL: options.warehouseUrl,
    SIMULATED_PROVIDER_URL: options.simulatedUrl,
    GATEWAY_URL: balancer.url,
    GATEWAY_DRAIN_SECONDS: String(options.drainSeconds ?? DRAIN_SECONDS),
    ADMIN_TOKEN,
    LOG_LEVEL: "warn",
  };
  const run = (name: string, script: string, { env = {}, args = [], preload = [] }: RunOptions = {}) =>
    runChild(process.execPath, ["--import", "@oxc-node/core/register", ...preload, script, ...args], {
      cwd: ROOT,
      env: { ...shared, VIGOR_DATA_DIR: join(directory, name), ...env },
    });
  const preload = options.gatewayPreload === undefined ? [] : ["--import", options.gatewayPreload];
  const controlUrl = `http://127.0.0.1:${controlPorts[0]}`;
  const gatewayUrls = ports.map((port) => `http://127.0.0.1:${port}`);
  // The first one creates topics and tables; the others find them.
  const pipelines = controlPorts.map((port, at) =>
    fleetProcess(
      () => run(`pipeline-${at}`, "pipeline/main.ts", { env: { CONTROL_PORT: String(port) } }),
      isAnswering(`http://127.0.0.1:${port}/healthz`),
    ),
  );
  const gateways = ports.map((port, at) =>
    fleetProcess(
      () => run(`gateway-${at}`, "gateway/main.ts", { env: { GATEWAY_PORT: String(port) }, preload }),
      isAnswering(`${gatewayUrls[at]}/readyz`),
    ),
  );
  const ingests = Array.from({ length: options.ingests ?? 2 }, (_, at) =>
    fleetProcess(
      () => run(`ingest-${at}`, "ingest/main.ts", { env: { LOG_LEVEL: "info" } }),
      async (child) => child.output().includes("following the event log"),
    ),
  );
  const all = [...gateways, ...ingests, ...pipelines];
  const output = () => all.map((child) => child.output()).join("\n");
  const close = async (): Promise<void> => {
    await balancer.close();
    await Promise.all(gateways.map((child) => child.end("SIGTERM")));
    await Promise.all([...ingests, ...pipelines].map((child) => child.end("SIGTERM")));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const child of all) await child.ready();
  } catch (error) {
    await close();
    throw new Error(output(), { cause: error });
  }
  return {
    gatewayUrl: balancer.url,
    gatewayUrls,
    controlUrl,
    adminToken: ADMIN_TOKEN,
    gateways,
    ingests,
    pipelines,
    output,
    close,
    async control(method, path, body) {
      const response = await fetch(controlUrl + path, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    async runTool(script, args, timeoutMs = START_TIMEOUT_MS) {
      const tool = run("tool", script, { args });
      await waitFor(script, () => tool.hasEnded(), timeoutMs);
      return { output: tool.output() };
    },
  };
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Node's own options, in front of the script. */
  readonly preload?: readonly string[];
}

function fleetProcess(
  launch: () => RunningChild,
  isReady: (child: RunningChild) => Promise<boolean>,
): FleetProcess & { ready(): Promise<void> } {
  let child = launch();
  let before = "";
  const ready = async () => {
    await waitFor(
      "a process",
      async () => {
        if (child.hasEnded()) throw new Error(`a process ended:\n${child.output()}`);
        return isReady(child);
      },
      START_TIMEOUT_MS,
    );
  };
  return {
    ready,
    pid: () => child.pid,
    output: () => before + child.output(),
    hasEnded: () => child.hasEnded(),
    end: (signal) => child.end(signal),
    async startAgain() {
      before += child.output();
      child = launch();
      await ready();
    },
  };
}

function isAnswering(url: string): () => Promise<boolean> {
  return async () => {
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      return response.status < 500;
    } catch {
      return false;
    }
  };
}
