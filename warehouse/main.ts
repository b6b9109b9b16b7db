import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { makeFilesPrivate, mendPermissions } from "../runtime/private-files.ts";
import { startEmbeddedWarehouse } from "./embedded-server.ts";

makeFilesPrivate();
const options = new Command("warehouse")
  .description("Runs the embedded warehouse: a ClickHouse server (HTTP) that keeps its data in a directory.")
  .option("--data-directory <path>", "where it keeps data and passwords", "./.vigor/warehouse")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--port <number>", "port for readers to listen on", parsePort, 8123)
  .addHelpText("after", "\nStop it with Ctrl-C or a SIGTERM: nothing that it has acknowledged is lost.")
  .parse()
  .opts<{ dataDirectory: string; host: string; port: number }>();

try {
  const dataDirectory = resolve(options.dataDirectory);
  const stopped = stopSignal();
  await mendPermissions(dataDirectory);
  const server = await startEmbeddedWarehouse({ ...options, dataDirectory });
  process.stderr.write(`warehouse: http://${options.host}:${options.port}, data in ${dataDirectory}\n`);
  const exit = await Promise.race([stopped, server.exited]);
  await server.stop();
  if (exit !== null) throw new Error(`the engine stopped: ${exit.reason || (exit.signal ?? exit.exitCode)}`);
} catch (error) {
  process.stderr.write(`warehouse: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function stopSignal(): Promise<null> {
  return new Promise((stop) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(null));
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("must be a number from 1 to 65535.");
  }
  return port;
}
