import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { DataType, load, open } from "ffi-rs";
import { makeEmbeddedCredentials, newSecret, writeEmbeddedConfig } from "./embedded-config.ts";
import { chooseEnginePort } from "./engine-port.ts";
import type { GateOptions } from "./gate/gate.ts";

export interface EmbeddedEngineOptions {
  readonly dataDirectory: string;
  /** Where readers ask; the engine itself listens at a port of its own. */
  readonly host: string;
  readonly port: number;
}

const LIBRARY_PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@chdb/lib-linux-x64-gnu",
  "linux-arm64": "@chdb/lib-linux-arm64-gnu",
  "darwin-x64": "@chdb/lib-darwin-x64",
  "darwin-arm64": "@chdb/lib-darwin-arm64",
};

/**
 * A query without an end: the engine serves HTTP for as long as its first session has something to do. One row a block
 * and a minute's sleep each; the sleep of one block may not be longer than 2^32 microseconds.
 */
const STAY_AWAKE = `SELECT sleepEachRow(60) FROM system.numbers FORMAT Null
  SETTINGS function_sleep_max_microseconds_per_block = 60000000, max_block_size = 1`;

/**
 * Turns this process into a ClickHouse server with a gate in front. The main thread is inside the engine from here on: no timer, no
 * signal handler and no other JavaScript runs on it again; the gate has a thread of its own, which also ends the process with its standard
 * input. Returns the reason, and only when the engine gave up.
 */
export async function runEmbeddedEngine(options: EmbeddedEngineOptions): Promise<string> {
  const { dataDirectory, ...gate } = options;
  const libraryPath = findLibrary();
  const credentials = makeEmbeddedCredentials(dataDirectory);
  const enginePort = await chooseEnginePort(dataDirectory, gate);
  const gateSecret = newSecret();
  await startGate({
    ...gate,
    password: credentials.reports,
    engineUrl: `http://${gate.host}:${enginePort}`,
    engineSecret: gateSecret,
  });
  const { configPath, storePath } = writeEmbeddedConfig(dataDirectory, { gate, enginePort, gateSecret });
  open({ library: "chdb", path: libraryPath });
  const argv = [
    "clickhouse",
    `--path=${storePath}`,
    `--config-file=${configPath}`,
    "--query",
    `SYSTEM START LISTEN HTTP; ${STAY_AWAKE}`,
  ];
  const result = load({
    library: "chdb",
    funcName: "chdb_query_cmdline",
    retType: DataType.External,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [argv.length, argv],
  });
  return load({
    library: "chdb",
    funcName: "chdb_result_error",
    retType: DataType.String,
    paramsType: [DataType.External],
    paramsValue: [result],
  });
}

function findLibrary(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = LIBRARY_PACKAGES[platform];
  const elsewhere =
    "Set WAREHOUSE_URL to a ClickHouse server (http://user:password@host:8123/vigor) instead.";
  if (name === undefined) {
    throw new Error(
      `there is no embedded ClickHouse for ${platform} (only linux and macOS, x64 and arm64). ${elsewhere}`,
    );
  }
  try {
    // The platform packages belong to chdb, so they are looked up from there, wherever npm has put them.
    const fromChdb = createRequire(createRequire(import.meta.url).resolve("chdb/package.json"));
    return join(dirname(fromChdb.resolve(`${name}/package.json`)), "libchdb.so");
  } catch (cause) {
    throw new Error(
      `the package ${name} is not installed: run \`npm install\` without --omit=optional. ${elsewhere}`,
      {
        cause,
      },
    );
  }
}

/** Resolves when it listens. Its modules are all loaded then: nothing of it waits for the main thread any more. */
async function startGate(options: GateOptions): Promise<void> {
  const worker = new Worker(new URL("./gate/gate-thread.ts", import.meta.url), {
    workerData: options,
    execArgv: ["--import", import.meta.resolve("@oxc-node/core/register")],
  });
  await once(worker, "message");
}
