import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { pino } from "pino";
import pretty from "pino-pretty";
import { CatalogError } from "./catalog.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { adminToken } from "./machine/admin-token.ts";
import { freePorts } from "./machine/free-ports.ts";
import { lockRole } from "./machine/lock.ts";
import { firstAppKey } from "./machine/quickstart.ts";
import { startMachine } from "./machine/supervisor.ts";
import { describeAdapters } from "./wiring.ts";

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

try {
  const config = loadConfig();
  const logger = pino({ name: "vigor", level: config.logLevel }, out);
  const lock = await lockRole(config.dataDir, "supervisor");
  await freePorts(config);
  const { token, created } = await adminToken(config);
  const stopped = stopSignal();
  const machine = await startMachine({
    config,
    root,
    logger,
    demo: !empty,
    onLine: (role, line) => printLine(role, line),
  });
  await announce(config, { token, tokenIsNew: created, simulated: machine.simulated, demo: machine.demo });
  const reason = await Promise.race([stopped, machine.broken]);
  logger.info(`stopping: ${reason}`);
  await machine.stop();
  await lock.release();
  logger.info("stopped; nothing was lost");
  process.exitCode = reason === "SIGINT" || reason === "SIGTERM" || reason === "SIGHUP" ? 0 : 1;
} catch (error) {
  const mendable = error instanceof ConfigError || error instanceof CatalogError;
  process.stderr.write(
    `${mendable || !(error instanceof Error) ? String(mendable ? error.message : error) : error.message}\n`,
  );
  process.exitCode = 1;
}

/** Resolves at the first signal; a second one does not wait for the clean stop (the parts still stop cleanly by themselves). */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
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
