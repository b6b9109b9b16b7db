import { Command } from "commander";
import { type Logger, pino } from "pino";
import { CatalogError } from "../catalog.ts";
import { type Config, ConfigError, loadConfig } from "../config.ts";
import { makeFilesPrivate } from "../runtime/private-files.ts";
import type { ProcessLock } from "../runtime/process-lock.ts";
import { lockRole } from "./lock.ts";
import { listenForStop } from "./stop-requests.ts";

export interface Role {
  readonly name: string;
  readonly summary: string;
  /** Starts the role; resolves when it works, with what stops it. */
  start(context: { config: Config; logger: Logger }): Promise<RunningRole>;
}

export interface RunningRole {
  /** Resolves with what is left to the next start, as a sentence for people; null: nothing. */
  close(): Promise<string | null>;
}

/** A stop that takes longer, after the gateway's drain, is ended by force: whoever waits for it would do the same. */
const STOP_TIMEOUT_MS = 30_000;

/** Runs one role as this process: `--help`, settings, log, lock, and a clean stop at a signal or the supervisor's end. */
export async function runRole(role: Role): Promise<void> {
  new Command(`npm run ${role.name}`)
    .description(role.summary)
    .addHelpText("after", "\nSettings come from the environment: see .env.example.")
    .parse();
  makeFilesPrivate();
  const stopRequested = listenForStop().first;
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
  const started = role.start({ config, logger }).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  const running = await Promise.race([started, stopRequested.then(() => null)]);
  if (running === null) {
    // It may wait for a server that is away. What it has begun survives any end of the process.
    await lock.release();
    logger.info("stopped before it had started");
    process.exit(0);
  }
  process.send?.({ type: "ready" });
  logger.info({ reason: await stopRequested }, "stopping");
  const maxStopMs = STOP_TIMEOUT_MS + config.gatewayDrainMs;
  const force = setTimeout(() => {
    logger.error(`the stop took longer than ${maxStopMs} ms and is forced`);
    process.exit(1);
  }, maxStopMs);
  force.unref();
  const unfinished = await running.close();
  await lock.release();
  logger.info({ unfinished }, "stopped");
  await tellSupervisor({ type: "stopped", unfinished });
  process.exit(0);
}

function tellSupervisor(message: { type: "stopped"; unfinished: string | null }): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    // A supervisor that has just gone needs no message.
    process.send(message, () => resolve());
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
