import type { Logger } from "pino";
import { loadCatalog } from "../catalog.ts";
import type { Config } from "../config.ts";
import { isAllSimulated, needsStandIn } from "../gateway/providers/needs-stand-in.ts";
import { launchRole, type RoleCommand } from "./role-process.ts";
import { type PartEnd, type PartProcess, type SupervisedPart, supervisePart } from "./supervised-part.ts";
import { launchWarehouse } from "./warehouse-process.ts";

export interface Machine {
  readonly simulated: readonly string[];
  /** There is simulated history and traffic in the warehouse, or will be soon. */
  readonly demo: boolean;
  /** Resolves when all parts work. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when a part cannot be kept running. */
  readonly broken: Promise<string>;
  /**
   * Stops all parts in the order in which nothing is lost: who takes requests first, who stores them last. At any time, also while parts
   * start, and within {@link MAX_STOP_MS}. Resolves when all are gone, with what is left to the next start: a sentence each.
   */
  stop(): Promise<readonly string[]>;
  /** Ends all parts by force, also while they stop. */
  kill(): Promise<readonly string[]>;
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

const MS_PER_SECOND = 1_000;
/** So long requests in flight may take to end; then the gateway cuts them off. */
const MAX_ANSWER_MS = 7_000;
/** What the gateway then needs to write down what it did. */
const GATEWAY_REST_MS = 2_000;
const STORAGE_STOP_MS = 3_000;
const WAREHOUSE_STOP_MS = 1_000;

/** Starts one of each role on this machine, and keeps them running. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { config, root, logger, demo, onLine } = options;
  const { catalog } = await loadCatalog(config.catalogFile);
  const simulated = needsStandIn(catalog, config.providerKey);
  const hasDemo = demo && isAllSimulated(catalog, config.providerKey);
  let tellBroken: (reason: string) => void = () => undefined;
  const broken = new Promise<string>((resolve) => {
    tellBroken = resolve;
  });
  const supervise = (name: string, launch: () => PartProcess): SupervisedPart => {
    const part = supervisePart({
      name,
      launch,
      onExit: ({ how }, restartInMs) => {
        if (restartInMs !== null)
          logger.error(`${name} ended (${how}) and starts again in ${restartInMs} ms`);
      },
    });
    void part.broken.then(tellBroken);
    return part;
  };
  const role = (name: string, command: RoleCommand): SupervisedPart =>
    supervise(name, () => launchRole(command, { root, onLine: (line) => onLine(name, line) }));

  const standIn = simulated.length === 0 ? null : role("simulated-provider", standInCommand(config));
  const gateway = role("gateway", gatewayCommand(config, standIn !== null));
  const warehouse =
    config.warehouse.adapter === "embedded" ? supervise("warehouse", () => launchWarehouse(config)) : null;
  /** They start when there is a warehouse. */
  const storage: SupervisedPart[] = [];
  let isStopping = false;

  async function startRest(): Promise<void> {
    await warehouse?.ready;
    if (isStopping) return;
    storage.push(
      role("ingest", { script: "ingest/main.ts" }),
      role("pipeline", { script: "pipeline/main.ts" }),
    );
    if (hasDemo) storage.push(role("demo", { script: "tools/demo.ts" }));
    await Promise.all([gateway, ...present(standIn), ...storage].map(({ ready }) => ready));
  }

  async function stopAll(): Promise<readonly string[]> {
    isStopping = true;
    const ends: [SupervisedPart, PartEnd][] = [];
    const stop = async (parts: readonly SupervisedPart[], withinMs: number): Promise<void> => {
      ends.push(
        ...(await Promise.all(parts.map(async (part) => [part, await part.stop(withinMs)] as const))).map(
          ([part, end]): [SupervisedPart, PartEnd] => [part, end],
        ),
      );
    };
    await stop([gateway], 2 * config.gatewayDrainMs + MAX_ANSWER_MS + GATEWAY_REST_MS);
    await stop([...storage, ...present(standIn)], STORAGE_STOP_MS);
    await stop(present(warehouse), WAREHOUSE_STOP_MS);
    return ends.flatMap(([part, end]) => present(describeUnfinished(part.name, end)));
  }

  let stopped: Promise<readonly string[]> | null = null;
  const stop = (): Promise<readonly string[]> => (stopped ??= stopAll());
  return {
    simulated,
    demo: hasDemo,
    ready: startRest(),
    broken,
    stop,
    async kill() {
      isStopping = true;
      await Promise.all(
        [gateway, ...storage, ...present(standIn), ...present(warehouse)].map((part) => part.kill()),
      );
      return stop();
    },
  };
}

function gatewayCommand(config: Config, hasStandIn: boolean): RoleCommand {
  const stopSeconds = Math.min(config.gatewayStopMs, MAX_ANSWER_MS) / MS_PER_SECOND;
  return {
    script: "gateway/main.ts",
    env: {
      GATEWAY_STOP_SECONDS: String(stopSeconds),
      ...(hasStandIn ? { SIMULATED_PROVIDER_URL: `http://127.0.0.1:${config.simulatedProviderPort}` } : {}),
    },
  };
}

function standInCommand(config: Config): RoleCommand {
  return {
    script: "simulated-provider/main.ts",
    args: ["--port", String(config.simulatedProviderPort), "--host", "127.0.0.1"],
  };
}

/** What a part leaves to the next start; null: nothing. */
function describeUnfinished(name: string, end: PartEnd): string | null {
  if (end.kind === "clean") return end.unfinished;
  // Whatever ends it: nothing acknowledged is lost, and nothing is begun in it.
  if (name === "warehouse" || name === "simulated-provider") return null;
  const how = end.kind === "killed" ? "was ended by force" : `had ended by itself (${end.how})`;
  const rest =
    name === "gateway"
      ? "what was in flight is charged at its bound at the next start"
      : "it goes on where it was at the next start";
  return `the ${name} ${how}: ${rest}`;
}

function present<T>(value: T | null): T[] {
  return value === null ? [] : [value];
}
