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
}

/** Processes as a deployment on many machines runs them: two gateways behind a load balancer, two ingests, a pipeline. */
export interface Fleet {
  readonly gatewayUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly controlUrl: string;
  readonly adminToken: string;
  readonly gateways: readonly RunningChild[];
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Runs one of the tools with the fleet's settings; resolves with its exit code and what it printed. */
  runTool(script: string, args: readonly string[]): Promise<{ output: string }>;
  /** What every process has printed. */
  output(): string;
  close(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../../..");
const START_TIMEOUT_MS = 90_000;
const ADMIN_TOKEN = "an-admin-token-of-tests";

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-fleet-"));
  const catalogFile = join(directory, "catalog.yaml");
  await writeFile(catalogFile, stringify(options.catalog));
  const ports = [await freePort(), await freePort()];
  const controlPort = await freePort();
  const balancer = await startRoundRobin(ports);
  const shared = {
    ...{ PATH: process.env["PATH"], HOME: process.env["HOME"] },
    CATALOG_FILE: catalogFile,
    EVENT_LOG_URL: options.eventLogUrl,
    USAGE_STORE_URL: options.usageStoreUrl,
    WAREHOUSE_URL: options.warehouseUrl,
    SIMULATED_PROVIDER_URL: options.simulatedUrl,
    GATEWAY_URL: balancer.url,
    CONTROL_PORT: String(controlPort),
    ADMIN_TOKEN,
    LOG_LEVEL: "warn",
  };
  const run = (
    name: string,
    script: string,
    more: Record<string, string> = {},
    args: readonly string[] = [],
  ) =>
    runChild(process.execPath, ["--import", "tsx", script, ...args], {
      cwd: ROOT,
      env: { ...shared, VIGOR_DATA_DIR: join(directory, name), ...more },
    });
  // The first one creates topics and tables; the others find them.
  const pipeline = run("pipeline", "pipeline/main.ts");
  const controlUrl = `http://127.0.0.1:${controlPort}`;
  const gateways = ports.map((port, at) =>
    run(`gateway-${at}`, "gateway/main.ts", { GATEWAY_PORT: String(port) }),
  );
  const ingests = [0, 1].map((at) => run(`ingest-${at}`, "ingest/main.ts", { LOG_LEVEL: "info" }));
  const all = [...gateways, ...ingests, pipeline];
  const output = () => all.map((child) => child.output()).join("\n");
  const close = async (): Promise<void> => {
    await balancer.close();
    await Promise.all(gateways.map((child) => child.end("SIGTERM")));
    await Promise.all([...ingests, pipeline].map((child) => child.end("SIGTERM")));
    await rm(directory, { recursive: true, force: true });
  };
  const gatewayUrls = ports.map((port) => `http://127.0.0.1:${port}`);
  try {
    for (const url of [...gatewayUrls.map((at) => `${at}/readyz`), `${controlUrl}/healthz`])
      await waitFor(url, () => answers(url, all), START_TIMEOUT_MS);
    for (const ingest of ingests)
      await waitFor("an ingest", () => ingest.output().includes("following the event log"), START_TIMEOUT_MS);
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
    async runTool(script, args) {
      const tool = run("tool", script, {}, [...args]);
      await waitFor(script, () => tool.hasEnded(), START_TIMEOUT_MS);
      return { output: tool.output() };
    },
  };
}

async function answers(url: string, children: readonly RunningChild[]): Promise<boolean> {
  const ended = children.find((child) => child.hasEnded());
  if (ended !== undefined) throw new Error(`a process ended:\n${ended.output()}`);
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}
