import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { freePort } from "../warehouse/test-warehouse.ts";
import { catalogDocument } from "./test-catalog.ts";
import { waitFor } from "./wait-for.ts";

export type RoleName = "gateway" | "ingest" | "pipeline" | "warehouse";

/** `npm start` as a user runs it: real processes, on free ports and in a temporary directory. */
export interface TestMachine {
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  readonly simulatedUrl: string;
  readonly key: string;
  readonly directory: string;
  /** What it has printed. */
  output(): string;
  /** `kill -9` of one role; resolves when the process is gone. */
  kill(role: RoleName): Promise<void>;
  /** The control API, as the admin; null when it says that a part is not there (503), throws on any other refusal. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Asks it to stop as Ctrl-C does, and answers its exit code. */
  stop(): Promise<number | null>;
  /** Stops it if it runs, and deletes its directory. */
  close(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 60_000;

export async function startTestMachine(catalog: Record<string, unknown> = {}): Promise<TestMachine> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-machine-"));
  const catalogFile = join(directory, "catalog.yaml");
  await writeFile(catalogFile, stringify(catalogDocument(catalog)));
  const [gatewayPort, controlPort, warehousePort, simulatedPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const child = spawn(process.execPath, ["--import", "@oxc-node/core/register", "main.ts", "--empty"], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      VIGOR_DATA_DIR: join(directory, "data"),
      CATALOG_FILE: catalogFile,
      GATEWAY_PORT: String(gatewayPort),
      CONTROL_PORT: String(controlPort),
      WAREHOUSE_PORT: String(warehousePort),
      SIMULATED_PROVIDER_PORT: String(simulatedPort),
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  await waitFor(
    "the start",
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output}`);
      return output.includes("Try it:");
    },
    START_TIMEOUT_MS,
  );
  const token = await readFile(join(directory, "data", "admin-token"), "utf8");
  const controlUrl = `http://127.0.0.1:${controlPort}`;
  return {
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    controlUrl,
    simulatedUrl: `http://127.0.0.1:${simulatedPort}`,
    key: await readFile(join(directory, "data", "quickstart-key"), "utf8"),
    directory,
    output: () => output,
    async kill(role) {
      const pid = await pidOf(role, join(directory, "data"));
      process.kill(pid, "SIGKILL");
      await waitFor("the end of the process", () => !isAlive(pid));
    },
    async control(method, path, body) {
      const response = await fetch(controlUrl + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.status === 503) return null;
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    stop: () => stop(child),
    async close() {
      await stop(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((done) => {
    child.once("exit", (code) => done(code));
    child.kill("SIGINT");
  });
}

/** The roles lock the data directory with their process id; the warehouse has the directory in its command line. */
async function pidOf(role: RoleName, dataDir: string): Promise<number> {
  if (role !== "warehouse")
    return Number((await readFile(join(dataDir, "locks", `${role}.lock`), "utf8")).split(" ")[0]);
  const lines = execFileSync("ps", ["-Ao", "pid=,args="], { encoding: "utf8" }).split("\n");
  const line = lines.find((text) => text.includes("warehouse/embedded-child.ts") && text.includes(dataDir));
  return z.coerce.number().int().positive().parse(line?.trim().split(/\s+/)[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
