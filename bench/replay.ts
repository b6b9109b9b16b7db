import { cpus } from "node:os";
import { Command } from "commander";
import { loadCatalog } from "../catalog.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import { foldControls } from "../models/policy/controls.ts";
import { compareControls } from "../models/simulation/counterfactual.ts";
import { simulatePast } from "../models/simulation/past-days.ts";
import type { PastRequest } from "../models/simulation/past-request.ts";
import { explainFailures } from "../tools/run-tool.ts";

const program = new Command("bench:replay")
  .description(
    "Replays simulated requests twice, under the catalog and under one with twice the requests a day for the default tier. " +
      "Prints JSON: seconds of wall clock and processor, and for which share of requests the replay decides what was decided.",
  )
  .option("--events <n>", "requests at least", Number, 1_000_000)
  .option("--users <n>", "simulated users", Number, 4_000)
  .option("--seed <n>", "of the simulation", Number, 1)
  .option("--catalog <file>", "whose policy decides", "catalog.yaml")
  .parse();

interface Settings {
  readonly events: number;
  readonly users: number;
  readonly seed: number;
  readonly catalog: string;
}

const settings = program.opts<Settings>();
explainFailures("bench:replay");
const { catalog } = await loadCatalog(settings.catalog);
const events = simulateEvents(catalog, settings);
const wallMs = performance.now();
const cpu = process.cpuUsage();
const effect = compareControls(events, {
  recorded: foldControls(catalog, []),
  proposed: foldControls(withTwiceTheRequests(catalog), []),
});
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - wallMs) / 1_000;
const cpuSeconds = (user + system) / 1_000_000;
console.log(
  JSON.stringify(
    {
      benchmark: "replay",
      at: new Date().toISOString(),
      machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
      settings,
      events: events.length,
      seconds: round(seconds),
      cpuSeconds: round(cpuSeconds),
      eventsPerCpuSecond: Math.round(events.length / cpuSeconds),
      cpuSecondsPerMillion: round((cpuSeconds / events.length) * 1_000_000),
      identity: effect.identity,
      newlyAdmitted: effect.newlyAdmitted,
      costChangeShare: effect.costChangeShare,
    },
    null,
    2,
  ),
);

function simulateEvents(of: Catalog, { events: wanted, users, seed }: Settings): PastRequest[] {
  const past: PastRequest[] = [];
  const days = 365;
  for (const day of simulatePast({ seed, users, days, startDay: "2026-01-05", catalog: of })) {
    for (const event of day) past.push(event);
    if (past.length >= wanted) break;
  }
  return past;
}

function withTwiceTheRequests(of: Catalog): Catalog {
  const { defaultTier } = of;
  const twice = { ...defaultTier, dailyRequests: 2 * defaultTier.dailyRequests };
  return { ...of, defaultTier: twice, tiers: new Map([...of.tiers, [twice.name, twice]]) };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
