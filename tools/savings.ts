import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { loadCatalog } from "../catalog.ts";
import { loadConfig } from "../config.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import { CATALOG_USERS } from "../models/simulation/savings/phases.ts";
import { requirementsOf } from "../models/simulation/savings/requirements.ts";
import { pooled, type SeedSavings, simulateSavings } from "../models/simulation/savings/savings.ts";
import { runTool } from "./run-tool.ts";
import { openDayProgress } from "./savings/progress.ts";
import { renderSavings } from "./savings/render-savings.ts";
import { changeCatalog, parseChange } from "./whatif/change-catalog.ts";

const MAX_DAYS = 365;
const MAX_USERS = 100_000;
const MAX_SEEDS = 100;
/** A Monday, so that weeks of budgets begin with the simulation; a fixed one, so that equal seeds give equal figures. */
const START_DAY = "2026-01-05";
const NOTHING: readonly string[] = [];

const program = new Command("npm run savings --")
  .description(
    "What the product saves: months of a simulated population, served once as the baseline (every request at the most expensive\n" +
      "provider that its tier may use, no cache), and once for each phase of the roadmap, switched on in turn. The same requests in each.",
  )
  .option("--seeds <list>", "populations, such as 1-5 or 2,7", parseSeeds, [1, 2, 3, 4, 5])
  .option("--days <n>", `days that count (1 to ${MAX_DAYS})`, wholeNumber(1, MAX_DAYS), 30)
  .option(
    "--warm-up <n>",
    `days before them (0 to ${MAX_DAYS}); without three weeks there are no forecasts`,
    wholeNumber(0, MAX_DAYS),
    28,
  )
  .option("--users <n>", `users at the end (10 to ${MAX_USERS})`, wholeNumber(10, MAX_USERS), 2_000)
  .option(
    "--set <path=value>",
    "a value of the catalog, such as 'automation.targetDailySpend=30'; may be given several times",
    collect,
    NOTHING,
  )
  .option("--json", "one JSON document instead of a table; money in nano-dollars", false)
  .addHelpText(
    "after",
    `
The catalog's policy, limits and rules decide, by the functions that the gateway and the pipeline run. The limits of everybody's
money are for ${CATALOG_USERS} users, and scaled to --users. What users do does not depend on how they are answered, and providers
fail, slow down and get worse as in \`npm run simulate\`. Nothing is written.

limits alone          the catalog's limits, each tier at the provider of the baseline
1 tiers and budgets   each tier asks its providers in the catalog's order, within its limits
2 routing and cache   + hours of the day, cached answers
3 forecasts           + the rules that look ahead: pacing, forecasts
4 automation          + all other rules`,
  )
  .parse();

interface Options {
  readonly seeds: readonly number[];
  readonly days: number;
  readonly warmUp: number;
  readonly users: number;
  readonly set: readonly string[];
  readonly json: boolean;
}

await runTool("savings", () => run(program.opts<Options>()));

async function run({ seeds, days, warmUp: warmUpDays, users, set, json }: Options): Promise<void> {
  const catalog = await readCatalog(set);
  const startedMs = performance.now();
  const lived = warmUpDays + days;
  const progress = openDayProgress(seeds.length * lived);
  const done: SeedSavings[] = [];
  for (const seed of seeds) {
    const run = simulateSavings({ catalog, seed, users, days, warmUpDays, startDay: START_DAY });
    let step = run.next();
    for (; step.done !== true; step = run.next()) progress.update(done.length * lived + step.value);
    done.push(step.value);
  }
  progress.stop();
  const seconds = (performance.now() - startedMs) / 1_000;
  const report = { days, warmUpDays, users, seeds: done, seconds };
  console.log(json ? JSON.stringify(withRequirements(report), null, 2) : renderSavings(report));
}

async function readCatalog(set: readonly string[]): Promise<Catalog> {
  const { catalogFile } = loadConfig();
  const { catalog } = await loadCatalog(catalogFile);
  return set.length === 0
    ? catalog
    : changeCatalog(await readFile(catalogFile, "utf8"), set.map(parseChange));
}

function withRequirements<Report extends { readonly seeds: readonly SeedSavings[] }>(report: Report) {
  return {
    ...report,
    seeds: report.seeds.map((one) => ({ ...one, requirements: requirementsOf(one.phases) })),
    together: { phases: pooled(report.seeds), requirements: requirementsOf(pooled(report.seeds)) },
  };
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}

/** `1-5`, `2,7` */
function parseSeeds(text: string): number[] {
  const seeds = text.split(",").flatMap((part) => {
    const range = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part.trim());
    if (range === null) throw new InvalidArgumentError("It must look like 1-5 or 2,7.");
    const first = Number(range[1]);
    const last = Number(range[2] ?? first);
    const length = Math.min(MAX_SEEDS + 1, Math.max(0, last - first + 1));
    return Array.from({ length }, (_, index) => first + index);
  });
  if (seeds.length >= 1 && seeds.length <= MAX_SEEDS) return seeds;
  throw new InvalidArgumentError(`It must name 1 to ${MAX_SEEDS} seeds.`);
}
