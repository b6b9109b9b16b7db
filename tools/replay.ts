import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config.ts";
import { seededRandom } from "../models/simulation/random.ts";
import { findAdminToken } from "./replay/control-api.ts";
import { MAX_USERS, parseTierMix } from "./replay/population.ts";
import { ReplayError } from "./replay/replay-error.ts";
import { runReplay } from "./replay/run-replay.ts";
import { MAX_ROWS, readTrace } from "./replay/trace.ts";
import { runTool } from "./run-tool.ts";

/** More than any gateway should be asked to hold open for one client. */
const MAX_IN_FLIGHT = 20_000;
const EXIT_DISAGREE = 1;
const EXIT_MISUSE = 2;
const EXIT_INTERRUPTED = 130;

interface Options {
  readonly speed: number;
  readonly users: number;
  readonly tierMix: string;
  readonly limit: number;
  readonly url?: string;
  readonly controlUrl?: string;
  readonly key?: string;
  readonly model: string;
  readonly streamShare: number;
  readonly concurrencyMax: number;
  readonly seed: number;
}

await new Command("replay")
  .description(
    "Plays a trace of real requests through the running gateway and compares the books afterwards.",
  )
  .argument("<file>", "CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens")
  .option("--speed <factor>", "how many times as fast as the trace", numberIn(0.001, 100_000), 1)
  .option("--users <number>", "how many users send, a few of them much", wholeNumberIn(1, MAX_USERS), 5_000)
  .option(
    "--tier-mix <mix>",
    "shares of the users by tier, the busiest first",
    "unlimited=5,premium=35,free=60",
  )
  .option("--limit <number>", "only the first requests", wholeNumberIn(1, MAX_ROWS), MAX_ROWS)
  .option("--url <url>", "the gateway (default: the port of the environment's GATEWAY_PORT on this machine)")
  .option("--control-url <url>", "the control API (default: CONTROL_PORT on this machine)")
  .option("--key <key>", "an app's key (default: one is made, and deleted afterwards)")
  .option("--model <name>", "auto, or a provider of the catalog", "auto")
  .option("--stream-share <share>", "the share of requests that are streamed", numberIn(0, 1), 0.3)
  .option("--concurrency-max <number>", "requests in flight at most", wholeNumberIn(1, MAX_IN_FLIGHT), 1_000)
  .option("--seed <number>", "the same seed plans the same requests and users", wholeNumberIn(0, 2 ** 31), 1)
  .addHelpText(
    "after",
    "\nThe users are replay-1, replay-2, ...; their counters of today go on from run to run.\n" +
      "Exit code 1 when the books of gateway, log and warehouse do not agree.",
  )
  .action(main)
  .parseAsync();

async function main(file: string, options: Options): Promise<void> {
  await runTool(
    "replay",
    async () => {
      process.exitCode = (await replay(file, options)) ? 0 : EXIT_DISAGREE;
    },
    { failureCode: () => EXIT_MISUSE },
  );
}

async function replay(file: string, options: Options): Promise<boolean> {
  const tierMix = parseTierMix(options.tierMix);
  const rows = await readTrace(file, options.limit);
  const config = loadConfig();
  return runReplay({
    ...options,
    rows,
    tierMix,
    gatewayUrl: baseUrl(options.url ?? `http://${config.bindHost}:${config.gatewayPort}`),
    controlUrl: baseUrl(options.controlUrl ?? `http://${config.bindHost}:${config.controlPort}`),
    adminToken: await findAdminToken(config.adminToken, config.dataDir),
    key: options.key ?? null,
    maxInFlight: options.concurrencyMax,
    random: seededRandom(options.seed),
    runId: randomUUID().slice(0, 8),
    signal: stopOnInterrupt(),
    output: process.stdout,
  });
}

/** The first Ctrl-C stops the sending, the second one everything. */
function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
    console.error("\nnothing more is sent; waiting for the answers (Ctrl-C again to leave at once)");
    stop.abort();
  });
  return stop.signal;
}

function baseUrl(text: string): string {
  if (!URL.canParse(text)) throw new ReplayError(`${text} is not a URL`);
  return text.replace(/\/(v1\/?)?$/, "");
}

function numberIn(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
  };
}

function wholeNumberIn(low: number, high: number): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text)) return numberIn(low, high)(text);
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}
