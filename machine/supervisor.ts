import { mkdir } from "node:fs/promises";
import { type Logger, pino } from "pino";
import { loadCatalog } from "../catalog.ts";
import type { Config } from "../config.ts";
import { isAllSimulated, needsStandIn } from "../gateway/providers/needs-stand-in.ts";
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from "../warehouse/embedded-server.ts";
import { warehouseDirectory } from "../wiring.ts";
import { type ChildSpec, type SupervisedChild, superviseChild } from "./child-process.ts";

export interface Machine {
  readonly simulated: readonly string[];
  /** There is simulated history and traffic in the warehouse, or will be soon. */
  readonly demo: boolean;
  /** Resolves with the reason when a part cannot be kept running. */
  readonly broken: Promise<string>;
  /** Stops all parts in the order in which nothing is lost: who takes requests first, who stores them last. */
  stop(): Promise<void>;
}

export interface MachineOptions {
  readonly config: Config;
  readonly root: string;
  readonly logger: Logger;
  /** Simulated history and traffic as long as no provider is real. */
  readonly demo: boolean;
  /** A line of a part's own log. */
  onLine(role: string, line: string): void;
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;

/** Starts one of each role on this machine, and keeps them running. Rejects when one of them cannot start. */
export async function startMachine({ config, root, logger, demo, onLine }: MachineOptions): Promise<Machine> {
  await mkdir(config.dataDir, { recursive: true });
  const { catalog } = await loadCatalog(config.catalogFile);
  const simulated = needsStandIn(catalog, config.providerKey);
  const hasDemo = demo && isAllSimulated(catalog, config.providerKey);
  let tellBroken: (reason: string) => void = () => undefined;
  const broken = new Promise<string>((resolve) => {
    tellBroken = resolve;
  });
  const child = (spec: Pick<ChildSpec, "role" | "script" | "args" | "env">): SupervisedChild =>
    superviseChild(
      {
        ...spec,
        onLine: (line) => onLine(spec.role, line),
        onExit: ({ code, signal, restartInMs }) => {
          const how = signal ?? `exit code ${code}`;
          if (restartInMs === null) tellBroken(`${spec.role} cannot run (${how})`);
          else logger.error(`${spec.role} ended (${how}) and starts again in ${restartInMs} ms`);
        },
      },
      root,
    );

  const standInUrl = `http://127.0.0.1:${config.simulatedProviderPort}`;
  const standIn = simulated.length === 0 ? null : child(standInSpec(config));
  const gateway = child({
    role: "gateway",
    script: "gateway/main.ts",
    env: standIn === null ? {} : { SIMULATED_PROVIDER_URL: standInUrl },
  });
  const warehouse =
    config.warehouse.adapter === "embedded" ? superviseWarehouse(config, { logger, tellBroken }) : null;
  const storage: SupervisedChild[] = [];
  const parts = [gateway, ...(standIn === null ? [] : [standIn])];
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await Promise.all([...storage, ...(standIn === null ? [] : [standIn])].map((part) => part.stop()));
    await warehouse?.stop();
  };
  try {
    await warehouse?.ready;
    storage.push(
      child({ role: "ingest", script: "ingest/main.ts" }),
      child({ role: "pipeline", script: "pipeline/main.ts" }),
    );
    if (hasDemo) storage.push(child({ role: "demo", script: "tools/demo.ts" }));
    await Promise.all([...parts, ...storage].map(({ ready }) => ready));
  } catch (error) {
    await stop();
    throw error;
  }
  return { simulated, demo: hasDemo, broken, stop };
}

function standInSpec(config: Config): Pick<ChildSpec, "role" | "script" | "args"> {
  return {
    role: "simulated-provider",
    script: "simulated-provider/main.ts",
    args: ["--port", String(config.simulatedProviderPort), "--host", "127.0.0.1"],
  };
}

/** The embedded server has no channel to this process but its standard input; it is started again like the others. */
function superviseWarehouse(
  config: Config,
  { logger, tellBroken }: { logger: Logger; tellBroken: (reason: string) => void },
): SupervisedChild {
  let running: EmbeddedWarehouse | null = null;
  let stopping = false;
  let restartMs = FIRST_RESTART_MS;
  let timer: NodeJS.Timeout | undefined;
  const start = async (): Promise<void> => {
    running = await startEmbeddedWarehouse({
      dataDirectory: warehouseDirectory(config),
      host: "127.0.0.1",
      port: config.warehousePort,
    });
    restartMs = FIRST_RESTART_MS;
    void running.exited.then(({ exitCode, signal, reason }) => {
      running = null;
      again(`warehouse ended (${signal ?? `exit code ${exitCode}`}) ${reason}`.trim());
    });
  };
  const again = (why: string): void => {
    if (stopping) return;
    logger.error(`${why}; it starts again in ${restartMs} ms`);
    timer = setTimeout(() => {
      start().catch((error: unknown) => again(error instanceof Error ? error.message : String(error)));
    }, restartMs);
    restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
  };
  const ready = start();
  ready.catch((error: unknown) => tellBroken(error instanceof Error ? error.message : String(error)));
  return {
    ready,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await running?.stop();
    },
  };
}

/** The supervisor's own log, in the same form as its children's. */
export function supervisorLogger(config: Config, destination: NodeJS.WritableStream): Logger {
  return pino({ name: "vigor", level: config.logLevel }, destination);
}
