import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { CatalogError } from "./catalog.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { adminToken } from "./machine/admin-token.ts";
import { freePorts } from "./machine/free-ports.ts";
import { lockRole } from "./machine/lock.ts";
import { firstAppKey } from "./machine/quickstart.ts";
import { listenForStop } from "./machine/stop-requests.ts";
import { type Machine, startMachine } from "./machine/supervisor.ts";
import { makeFilesPrivate } from "./runtime/private-files.ts";
import { describeAdapters } from "./wiring.ts";

/** For the last lines of output. */
const MAX_EXIT_MS = 1_000;

const { empty = false } = new Command("npm start --")
  .description("Runs Vigor on this machine: gateway, ingest, pipeline and the embedded warehouse.")
  .option("--empty", "start without demo history and demo traffic")
  .addHelpText(
    "after",
    "\nSettings come from the environment: see .env.example. Ctrl-C stops everything, and nothing is lost.",
  )
  .parse()
  .opts<{ empty?: boolean }>();

const root = fileURLToPath(new URL(".", import.meta.url));
const out = pretty({
  colorize: process.stdout.isTTY === true,
  ignore: "pid,hostname",
  translateTime: "SYS:HH:MM:ss",
});

for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreMissingReader);

makeFilesPrivate();
const stopRequests = listenForStop();
try {
  process.exitCode = await run();
} catch (error) {
  const mendable = error instanceof ConfigError || error instanceof CatalogError;
  const text = mendable || !(error instanceof Error) ? error : (error.stack ?? error.message);
  process.stderr.write(`${mendable ? error.message : String(text)}\n`);
  process.exitCode = 1;
}
// Everything is closed. What is forgotten must not keep a terminal waiting.
setTimeout(() => process.exit(), MAX_EXIT_MS).unref();

/** Runs until somebody asks it to stop, or a part cannot run; answers the exit code. */
async function run(): Promise<number> {
  const config = loadConfig();
  const logger = pino({ name: "vigor", level: config.logLevel }, out);
  const lock = await lockRole(config.dataDir, "supervisor");
  try {
    await freePorts(config);
    const { token, created } = await adminToken(config);
    const machine = await startMachine({ config, root, logger, demo: !empty, onLine: printLine });
    const { simulated, demo } = machine;
    const announced = machine.ready.then(() =>
      announce(config, { token, tokenIsNew: created, simulated, demo }),
    );
    const announceFailed = announced.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => `the start failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    const outcome = await Promise.race([
      stopRequests.first.then((reason) => ({ reason, isAsked: true })),
      machine.broken.then((reason) => ({ reason, isAsked: false })),
      announceFailed.then((reason) => ({ reason, isAsked: false })),
    ]);
    logger[outcome.isAsked ? "info" : "error"](`stopping: ${outcome.reason}`);
    const wasPatient = await stop(machine, logger);
    return outcome.isAsked && wasPatient ? 0 : 1;
  } finally {
    await lock.release();
  }
}

/** Stops everything, by force when asked a second time; answers whether nobody asked for that. */
async function stop(machine: Machine, logger: Logger): Promise<boolean> {
  let isForced = false;
  const forced = stopRequests.second.then((reason) => {
    isForced = true;
    logger.warn(`${reason} again: everything is ended by force`);
    return machine.kill();
  });
  const unfinished = await Promise.race([machine.stop(), forced]);
  if (unfinished.length === 0) logger.info("stopped; nothing was lost");
  else logger.warn(`stopped: ${unfinished.join("; ")}`);
  return !isForced;
}

/** Who read the output (`| tee`) may end with the same Ctrl-C, or earlier: that must not break the stop off. */
function ignoreMissingReader(error: Error): void {
  if (!("code" in error && error.code === "EPIPE")) throw error;
}

/** A part's line is a JSON document of its log, or plain words of something that failed before it had one. */
function printLine(role: string, line: string): void {
  if (line.startsWith("{")) out.write(`${line}\n`);
  else if (line !== "") process.stderr.write(`${line.startsWith(role) ? "" : `${role}: `}${line}\n`);
}

async function announce(
  config: Config,
  {
    token,
    tokenIsNew,
    simulated,
    demo,
  }: { token: string; tokenIsNew: boolean; simulated: readonly string[]; demo: boolean },
): Promise<void> {
  const gatewayUrl = `http://127.0.0.1:${config.gatewayPort}`;
  const key = await firstAppKey(config, token);
  const adapters = describeAdapters(config);
  const lines = [
    "",
    `  Gateway     ${gatewayUrl}/v1   (any OpenAI client)`,
    `  Panel, API  http://127.0.0.1:${config.controlPort}   (admin token in ${config.dataDir}/admin-token)`,
    ...(tokenIsNew ? [`  Admin token ${token}   (shown this once)`] : []),
    "",
    `  Event log   ${adapters.eventLog}`,
    `  Usage store ${adapters.usageStore}`,
    `  Warehouse   ${adapters.warehouse}`,
    ...(simulated.length === 0
      ? []
      : ["", `  SIMULATED   no key for ${simulated.join(", ")}: a simulated provider answers for them.`]),
    ...(demo
      ? [
          "  DEMO        simulated history and traffic fill the warehouse; `npm start -- --empty` leaves them out.",
        ]
      : []),
    "",
    "  Try it:",
    `  curl -s ${gatewayUrl}/v1/chat/completions -H 'Authorization: Bearer ${key}' -H 'X-Vigor-User: ada' \\`,
    `    -H 'Content-Type: application/json' -d '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}'`,
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
