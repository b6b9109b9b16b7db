import type { Config } from "../config.ts";
import { startEmbeddedWarehouse } from "../warehouse/embedded-server.ts";
import { warehouseDirectory } from "../wiring.ts";
import type { PartExit, PartProcess } from "./supervised-part.ts";

/** Starts the embedded warehouse. It has no channel to this process but its standard input, and ends when that closes. */
export function launchWarehouse(config: Config): PartProcess {
  const stop = new AbortController();
  const started = startEmbeddedWarehouse({
    dataDirectory: warehouseDirectory(config),
    host: "127.0.0.1",
    port: config.warehousePort,
    signal: stop.signal,
  });
  const exited = started.then(
    async (warehouse): Promise<PartExit> => {
      const { exitCode, signal, reason } = await warehouse.exited;
      return endOf(`${signal ?? `exit code ${exitCode}`} ${reason}`.trim());
    },
    (error: unknown) => endOf(error instanceof Error ? error.message : String(error)),
  );
  return {
    ready: new Promise((resolve) => {
      void started.then(
        () => resolve(),
        () => undefined, // told by `exited`
      );
    }),
    exited,
    // Nothing that it has acknowledged is lost by an end without warning.
    terminate: () => stop.abort(),
    kill: () => stop.abort(),
  };
}

function endOf(how: string): PartExit {
  return { how, clean: true, restartable: true, unfinished: null };
}
