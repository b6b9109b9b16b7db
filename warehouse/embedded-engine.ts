import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { DataType, load, open } from "ffi-rs";
import { writeEmbeddedConfig } from "./embedded-config.ts";

export interface EmbeddedEngineOptions {
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  /** The process ends when its standard input does: so it never outlives the parent that holds the other end. */
  readonly stopWithStdin: boolean;
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
 * Turns this process into a ClickHouse server. The main thread is inside the engine from here on: no timer, no
 * signal handler and no other JavaScript runs on it again. Returns the reason, and only when the engine gave up.
 */
export function runEmbeddedEngine(options: EmbeddedEngineOptions): string {
  const libraryPath = findLibrary();
  const { configPath, storePath } = writeEmbeddedConfig(options.dataDirectory, options);
  open({ library: "chdb", path: libraryPath });
  if (options.stopWithStdin) endProcessWithStdin();
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

/**
 * A worker has an event loop of its own, which runs while the main thread is inside the engine. It reads the
 * descriptor itself, because a worker's `process.stdin` is fed by the main thread. SIGKILL, because nothing less
 * is certain to end the engine, and nothing acknowledged is lost by it.
 */
function endProcessWithStdin(): void {
  const watch = `
    const end = () => process.kill(process.pid, "SIGKILL");
    const stdin = new (require("node:net").Socket)({ fd: 0 });
    stdin.on("end", end).on("error", end).on("close", end).resume();`;
  new Worker(watch, { eval: true, execArgv: [] });
}
