import { cpus } from "node:os";
import { Command } from "commander";
import { loadCatalog } from "../catalog.ts";
import { loadConfig } from "../config.ts";
import { usdFromNano } from "../models/domain/money.ts";
import { regretOfRoutings, WORLDS } from "./routing/regret.ts";

const program = new Command("bench:routing")
  .description(
    "The learned routing on simulated requests against the usual one, an equal division, always the cheapest and always the best by " +
      "the catalog's grade: by how many stars a request each is worse than the best choice that is possible (regret). In one world the " +
      "catalog's grades are true, in another they are wrong. Prints JSON.",
  )
  .option("--seeds <n>", "seeds 1 to n", Number, 5)
  .option("--days <n>", "days", Number, 60)
  .option("--requests <n>", "requests a day, tier and feature", Number, 600)
  .option("--rated <share>", "of the answers, those that somebody rates", Number, 0.04)
  .option("--budget <usd>", "a day for exploring", Number, 3)
  .parse();

interface Settings {
  readonly seeds: number;
  readonly days: number;
  readonly requests: number;
  readonly rated: number;
  readonly budget: number;
}

const settings = program.opts<Settings>();
const { catalog } = await loadCatalog(loadConfig().catalogFile);
const worlds = Object.entries(WORLDS).map(([world, truth]) => ({
  world,
  ...regretOfRoutings({
    ...settings,
    catalog,
    truth,
    onSeed: (seed) => process.stderr.write(`${world}: seed ${seed}\n`),
  }),
}));

console.log(
  JSON.stringify(
    {
      benchmark: "routing",
      at: new Date().toISOString(),
      machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
      settings,
      unit: "stars a request below the best possible choice; dollars",
      worlds: worlds.map(({ mostExplored, ...world }) => ({
        ...world,
        mostExploredInADay: Math.round(usdFromNano(mostExplored) * 10_000) / 10_000,
      })),
    },
    null,
    2,
  ),
);
