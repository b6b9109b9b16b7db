import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { catalogDocument } from "../../support/test-catalog.ts";
import { waitFor } from "../../support/wait-for.ts";
import { freePort } from "../../warehouse/test-warehouse.ts";

/** A data directory and ports on which `npm start` runs again and again. */
export interface Installation {
  readonly gatewayUrl: string;
  readonly dataDir: string;
  /** Runs `npm start` through npm, as the leader of a process group: a terminal's foreground job. */
  start(): StartedProduct;
  /** The control API, as the admin; null while the answer is not to be had. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** An app's key. */
  key(): Promise<string>;
  /** Of every process of the installation that lives, whoever its parent is. */
  processes(): Promise<{ pid: number; command: string }[]>;
  arePortsFree(): Promise<boolean>;
  /** Whatever still runs is ended by force. */
  killAll(): Promise<void>;
  close(): Promise<void>;
}

export interface StartedProduct {
  output(): string;
  /** Resolves when everything works. */
  ready(): Promise<void>;
  /** What a terminal does at Ctrl-C, or a service manager at a stop: every process of the group gets the signal. */
  signalGroup(signal: NodeJS.Signals): void;
  signalNpm(signal: NodeJS.Signals): void;
  /** npm's exit code, when it has ended. */
  exitCode(): number | null;
}

const ROOT = resolve(import.meta.dirname, "../../..");
const START_TIMEOUT_MS = 90_000;

export async function openInstallation(catalog: Record<string, unknown>): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-npm-start-"));
  const dataDir = join(directory, "data");
  const catalogFile = join(directory, "catalog.yaml");
  await writeFile(catalogFile, stringify(catalogDocument(catalog)));
  const ports = {
    GATEWAY_PORT: await freePort(),
    CONTROL_PORT: await freePort(),
    WAREHOUSE_PORT: await freePort(),
    SIMULATED_PROVIDER_PORT: await freePort(),
  };
  const processes = (): Promise<{ pid: number; command: string }[]> => processesOf(dataDir);
  const killAll = async (): Promise<void> => {
    for (const { pid } of await processes()) kill(pid, "SIGKILL");
    await waitFor("the end of all processes", async () => (await processes()).length === 0);
  };
  return {
    gatewayUrl: `http://127.0.0.1:${ports.GATEWAY_PORT}`,
    dataDir,
    start() {
      const child = spawn("npm", ["start", "--", "--empty"], {
        cwd: ROOT,
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          VIGOR_DATA_DIR: dataDir,
          CATALOG_FILE: catalogFile,
          ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
        },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      return startedProduct(child);
    },
    async control(method, path, body) {
      const token = await readFile(join(dataDir, "admin-token"), "utf8");
      const response = await fetch(`http://127.0.0.1:${ports.CONTROL_PORT}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.status === 503) return null;
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    key: () => readFile(join(dataDir, "quickstart-key"), "utf8"),
    processes,
    arePortsFree: async () =>
      (await Promise.all(Object.values(ports).map(isPortFree))).every((isFree) => isFree),
    killAll,
    async close() {
      await killAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function startedProduct(child: ChildProcess): StartedProduct {
  const npm = child.pid;
  if (npm === undefined) throw new Error("npm could not be started");
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return {
    output: () => output,
    async ready() {
      await waitFor(
        "the start",
        () => {
          if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output}`);
          return output.includes("Try it:");
        },
        START_TIMEOUT_MS,
      );
    },
    signalGroup: (signal) => kill(-npm, signal),
    signalNpm: (signal) => kill(npm, signal),
    exitCode: () => child.exitCode,
  };
}

/** Every process of the product has the data directory in its environment (it is inherited) or in its command line. */
async function processesOf(dataDir: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const [environment, command] = await Promise.all(
      ["environ", "cmdline"].map((file) => readFile(join("/proc", entry, file), "utf8").catch(goneIsEmpty)),
    );
    if (environment?.includes(dataDir) === true || command?.includes(dataDir) === true)
      found.push({ pid: Number(entry), command: (command ?? "").replaceAll("\0", " ").trim() });
  }
  return found;
}

/** A process may end while it is looked at. */
function goneIsEmpty(error: unknown): string {
  if (isCode(error, "ENOENT") || isCode(error, "ESRCH") || isCode(error, "EACCES")) return "";
  throw error;
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once("error", () => settle(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => settle(true)));
  });
}

/** A process that has gone meanwhile needs no signal. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isCode(error, "ESRCH")) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
