import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { runEmbeddedEngine } from "./embedded-engine.ts";

const STDERR = 2;

const program = new Command("warehouse")
  .description("Runs the embedded warehouse: a ClickHouse server (HTTP) that keeps its data in a directory.")
  .option("--data-directory <path>", "where it keeps data and passwords", "./.vigor/warehouse")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--port <number>", "port to listen on", parsePort, 8123)
  .option("--stop-with-stdin", "end when standard input ends (for the process that starts this one)", false)
  .addHelpText("after", "\nStop it with Ctrl-C or a SIGTERM: nothing that it has acknowledged is lost.")
  .parse();

const options = program.opts<{ dataDirectory: string; host: string; port: number; stopWithStdin: boolean }>();
if (!options.stopWithStdin) {
  writeSync(STDERR, `warehouse: http://${options.host}:${options.port}, data in ${options.dataDirectory}\n`);
}

try {
  const reason = runEmbeddedEngine({ ...options, dataDirectory: resolve(options.dataDirectory) });
  writeSync(STDERR, `warehouse: the engine stopped: ${reason}\n`);
} catch (error) {
  writeSync(STDERR, `warehouse: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit(1);

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("must be a number from 1 to 65535.");
  }
  return port;
}
