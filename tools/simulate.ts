import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { pino } from "pino";
import { loadCatalog } from "../catalog.ts";
import { type Config, loadConfig } from "../config.ts";
import { lockRole } from "../machine/lock.ts";
import { MAX_SIMULATED_DAYS, MAX_SIMULATED_USERS } from "../models/simulation/simulation.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { migrateWarehouse, openEventLog, warehouseUrls } from "../wiring.ts";
import { runTool } from "./run-tool.ts";
import { fillWarehouse } from "./simulate/fill-warehouse.ts";
import { openLogLoader } from "./simulate/load-log.ts";
import { type RunOptions, runSimulation } from "./simulate/run.ts";

/** Inserts of tens of megabytes and rollups of months. */
const TIMEOUT_MS = 600_000;

const program = new Command("npm run simulate --")
  .description("A simulated past: users, requests and ratings of some days up to now, marked as simulated.")
  .requiredOption(
    "--days <n>",
    `days, the last one is today (1 to ${MAX_SIMULATED_DAYS})`,
    wholeNumber(1, MAX_SIMULATED_DAYS),
  )
  .requiredOption(
    "--users <n>",
    `users who will have signed up until now (1 to ${MAX_SIMULATED_USERS})`,
    wholeNumber(1, MAX_SIMULATED_USERS),
  )
  .requiredOption("--seed <n>", "the same seed, days and users make the same events", wholeNumber(0, 2 ** 31))
  .addOption(
    new Option("--into <target>", "warehouse: straight into it, fast; log: the way of real events")
      .choices(["warehouse", "log"])
      .default("warehouse"),
  )
  .option("--empty-first", "delete what an earlier run with this seed has put into the warehouse", false)
  .option("--truth <file>", "write what is true of each day, and the incidents, as JSON")
  .addHelpText(
    "after",
    "\nThe warehouse must run (`npm start`, or `npm run warehouse`). No gateway made these events: with --into log the reconciliation shows the difference.",
  )
  .parse();

interface Options {
  readonly days: number;
  readonly users: number;
  readonly seed: number;
  readonly into: "warehouse" | "log";
  readonly emptyFirst: boolean;
  readonly truth?: string;
}

await runTool("simulate", () => main(program.opts<Options>()));

async function main({ days, users, seed, into, emptyFirst, truth }: Options): Promise<void> {
  const config = loadConfig();
  const { catalog } = await loadCatalog(config.catalogFile);
  const run: RunOptions = { days, users, seed, catalog, nowMs: Date.now(), output: process.stderr };
  const result = into === "log" ? await intoLog(config, run) : await intoWarehouse(config, run, emptyFirst);
  if (truth !== undefined) await writeFile(truth, `${JSON.stringify(result.truth)}\n`);
  process.stdout.write(`${JSON.stringify(result.summary)}\n`);
}

async function intoWarehouse(config: Config, run: RunOptions, emptyFirst: boolean) {
  const { url } = warehouseUrls(config);
  await migrateWarehouse(config);
  const warehouse = openWarehouse({ url, timeoutMs: TIMEOUT_MS });
  try {
    return await fillWarehouse(warehouse, { ...run, emptyFirst });
  } finally {
    await warehouse.close();
  }
}

async function intoLog(config: Config, run: RunOptions) {
  const lock = await lockRole(config.dataDir, "simulate");
  const log = await openEventLog(config, { writer: "simulate", logger: pino({ name: "simulate" }) });
  try {
    return await runSimulation(openLogLoader(log), run);
  } finally {
    await log.close();
    await lock.release();
  }
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}
