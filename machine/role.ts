import { Command } from "commander";
import { type Logger, pino } from "pino";
import { CatalogError } from "../catalog.ts";
import { type Config, ConfigError, loadConfig } from "../config.ts";
import type { ProcessLock } from "../runtime/process-lock.ts";
import { lockRole } from "./lock.ts";

export interface Role {
  readonly name: string;
  readonly summary: string;
  /** Starts the role; resolves when it works, with what stops it. */
  start(context: { config: Config; logger: Logger }): Promise<{ close(): Promise<void> }>;
}

/** A stop that takes longer, after the gateway's drain, is ended by force: whoever waits for it would do the same. */
const STOP_TIMEOUT_MS = 30_000;

/** Runs one role as this process: `--help`, settings, log, lock, and a clean stop at SIGINT, SIGTERM or the supervisor's end. */
export async function runRole(role: Role): Promise<void> {
  new Command(`npm run ${role.name}`)
    .description(role.summary)
    .addHelpText("after", "\nSettings come from the environment: see .env.example.")
    .parse();
  const stopRequested = requestedStop();
  try {
    const config = loadConfig();
    const logger = pino({ name: role.name, level: config.logLevel });
    const lock = await lockRole(config.dataDir, role.name);
    await work(role, { config, logger, lock, stopRequested });
  } catch (error) {
    fail(role, error);
  }
}

interface Work {
  readonly config: Config;
  readonly logger: Logger;
  readonly lock: ProcessLock;
  readonly stopRequested: Promise<string>;
}

async function work(role: Role, { config, logger, lock, stopRequested }: Work): Promise<void> {
  const running = await role.start({ config, logger }).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  process.send?.({ type: "ready" });
  logger.info({ reason: await stopRequested }, "stopping");
  const maxStopMs = STOP_TIMEOUT_MS + config.gatewayDrainMs;
  const force = setTimeout(() => {
    logger.error(`the stop took longer than ${maxStopMs} ms and is forced`);
    process.exit(1);
  }, maxStopMs);
  force.unref();
  await running.close();
  await lock.release();
  logger.info("stopped");
  process.exit(0);
}

function requestedStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve(signal));
    // The channel to a supervisor closes when the supervisor ends, however it ends.
    process.once("disconnect", () => resolve("the supervisor is gone"));
  });
}

/** What the user can mend is told in plain words, a bug with its stack. Exit code 78 (EX_CONFIG): starting again does not help. */
function fail(role: Role, error: unknown): never {
  const mendable = error instanceof ConfigError || error instanceof CatalogError || isAddressInUse(error);
  if (mendable) process.stderr.write(`${role.name}: ${messageOf(error)}\n`);
  else
    process.stderr.write(
      `${role.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  process.exit(mendable ? EXIT_CONFIG : 1);
}

/** sysexits.h */
export const EXIT_CONFIG = 78;

function isAddressInUse(error: unknown): error is Error & { port: number } {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error;
}

function messageOf(error: unknown): string {
  if (isAddressInUse(error)) {
    return `port ${error.port} is taken. Stop what listens there, or choose another one (GATEWAY_PORT, CONTROL_PORT).`;
  }
  return error instanceof Error ? error.message : String(error);
}
