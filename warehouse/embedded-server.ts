import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type EmbeddedCredentials,
  embeddedUrl,
  readEmbeddedCredentials,
  readEnginePort,
} from "./embedded-config.ts";
import { isFree } from "./engine-port.ts";

export { type EmbeddedCredentials, embeddedUrl, readEmbeddedCredentials } from "./embedded-config.ts";

export interface EmbeddedWarehouseOptions {
  readonly dataDirectory: string;
  /** Where readers ask. The engine itself listens at another port of the same address. */
  readonly port: number;
  readonly host: string;
  /** How long it may take to answer; the first start on a large data directory loads every part. Default 60 s. */
  readonly startTimeoutMs?: number;
  /** Ends the server when it is aborted, also while it starts. */
  readonly signal?: AbortSignal;
}

export interface EmbeddedWarehouse {
  /** As the owner of the database, at the engine itself: `http://vigor:...@127.0.0.1:20123/vigor`. */
  readonly url: string;
  /** As the user who may only read, at the gate: `http://reports:...@127.0.0.1:8123/vigor`. */
  readonly reportsUrl: string;
  readonly pid: number;
  /** Ends the server; resolves when it is gone. What it has acknowledged is kept. Idempotent. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, stopped or not, with what it said last. */
  readonly exited: Promise<EmbeddedExit>;
}

export interface EmbeddedExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its standard error; empty when it said nothing. */
  readonly reason: string;
}

const DEFAULT_START_TIMEOUT_MS = 60_000;
const PING_EVERY_MS = 50;
const PING_TIMEOUT_MS = 1_000;
const MAX_REASON_CHARACTERS = 4_000;

/**
 * Starts a ClickHouse server in a child process and resolves when it answers. The child ends with this process,
 * however this process ends. Rejects with the reason when the server cannot start.
 */
export async function startEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<EmbeddedWarehouse> {
  await refuseTakenPort(options);
  options.signal?.throwIfAborted();
  const child = spawnChild(options);
  const exited = exitOf(child);
  options.signal?.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  try {
    if (child.pid === undefined) throw new Error((await exited).reason);
    const { credentials, enginePort } = await waitUntilAnswering(options, exited);
    return {
      url: embeddedUrl("vigor", { ...options, port: enginePort, credentials }),
      reportsUrl: embeddedUrl("reports", { ...options, credentials }),
      pid: child.pid,
      stop,
      exited,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Child = ChildProcessByStdio<Writable, null, Readable>;

function spawnChild({ dataDirectory, host, port }: EmbeddedWarehouseOptions): Child {
  const main = fileURLToPath(new URL("./embedded-child.ts", import.meta.url));
  const loader = import.meta.resolve("@oxc-node/core/register");
  const settings = ["--data-directory", dataDirectory, "--host", host, "--port", String(port)];
  const child = spawn(process.execPath, ["--import", loader, main, ...settings], {
    stdio: ["pipe", "ignore", "pipe"],
    // Ctrl-C in the terminal goes to the whole group: whoever started the server decides when it ends.
    detached: true,
    // Nothing of this process's: whoever got the engine to read its own environment would find every secret there.
    env: {},
  });
  // The pipe is only held open; it breaks when the child ends, and `exited` tells of that.
  child.stdin.on("error", () => undefined);
  return child;
}

function exitOf(child: Child): Promise<EmbeddedExit> {
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_REASON_CHARACTERS);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, signal: null, reason: error.message }));
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, reason: said.trim() }));
  });
}

interface Answering {
  readonly credentials: EmbeddedCredentials;
  readonly enginePort: number;
}

async function waitUntilAnswering(
  options: EmbeddedWarehouseOptions,
  exited: Promise<EmbeddedExit>,
): Promise<Answering> {
  const timeoutMs = options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
  const timeUp = AbortSignal.timeout(timeoutMs);
  let exit: EmbeddedExit | undefined;
  void exited.then((value) => {
    exit = value;
  });
  while (!timeUp.aborted) {
    if (exit !== undefined) throw new Error(explain(exit, options));
    const answering = await findAnswering(options);
    if (answering !== null) return answering;
    await Promise.race([delay(PING_EVERY_MS), exited]);
  }
  throw new Error(`the embedded warehouse did not answer on port ${options.port} within ${timeoutMs} ms`);
}

/** Only the engine of this data directory knows the owner's password; any other answers it with a refusal. */
async function findAnswering({
  dataDirectory,
  host,
  port,
}: EmbeddedWarehouseOptions): Promise<Answering | null> {
  const enginePort = readEnginePort(dataDirectory, port);
  if (enginePort === null) return null;
  const credentials = readEmbeddedCredentials(dataDirectory);
  const authorization = `Basic ${Buffer.from(`vigor:${credentials.vigor}`).toString("base64")}`;
  const engineAnswers = await answers(`http://${host}:${enginePort}/ping`, { authorization });
  if (!engineAnswers || !(await answers(`http://${host}:${port}/ping`, {}))) return null;
  return { credentials, enginePort };
}

async function answers(url: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
    return (await response.text()) === "Ok.\n";
  } catch {
    return false; // refused: not listening yet
  }
}

function explain(exit: EmbeddedExit, { dataDirectory, port }: EmbeddedWarehouseOptions): string {
  if (/Cannot lock file|CANNOT_OPEN_FILE.*status/s.test(exit.reason)) {
    return `the warehouse's data directory ${dataDirectory} is in use by another process`;
  }
  if (/EADDRINUSE|Address already in use|NETWORK_ERROR/.test(exit.reason)) return portTaken(port);
  const how = exit.signal === null ? `exit code ${exit.exitCode}` : exit.signal;
  return `the embedded warehouse did not start (${how}): ${exit.reason || "it gave no reason"}`;
}

/** Asked before the child is started, so that the message names the variable. */
async function refuseTakenPort({ host, port }: EmbeddedWarehouseOptions): Promise<void> {
  if (!(await isFree({ host, port }))) throw new Error(portTaken(port));
}

function portTaken(port: number): string {
  return `port ${port} is taken, so the warehouse cannot listen on it; set WAREHOUSE_PORT to a free port`;
}
