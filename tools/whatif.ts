import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { loadCatalog } from "../catalog.ts";
import { loadConfig } from "../config.ts";
import { calendarWindow } from "../models/domain/window.ts";
import { foldControls } from "../models/policy/controls.ts";
import { compareControls } from "../models/simulation/counterfactual.ts";
import { readPastRequests } from "../pipeline/past-requests.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { warehouseUrls } from "../wiring.ts";
import { runTool } from "./run-tool.ts";
import { changeCatalog, parseChange, WhatifError } from "./whatif/change-catalog.ts";
import { renderEffect } from "./whatif/render-effect.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 90;
/** About 1 GB of memory and 20 seconds. */
const MAX_REQUESTS = 1_500_000;
const TIMEOUT_MS = 600_000;

const NOTHING: readonly string[] = [];

const program = new Command("npm run whatif --")
  .description(
    "Past requests once more under a changed catalog: what would have been spent, refused and liked.",
  )
  .option(
    "--set <path=value>",
    "a value of the catalog, such as 'tiers.free.dailyRequests=20'; may be given several times",
    collect,
    NOTHING,
  )
  .option("--days <n>", `days up to now (1 to ${MAX_DAYS})`, parseDays, 14)
  .option("--json", "one JSON document instead of a table; money in nano-dollars", false)
  .addHelpText(
    "after",
    "\nNothing is changed: the warehouse is read, and the gateway's own policy decides about each request again.\nUsers who would behave otherwise because of the change are not foreseen.",
  )
  .parse();

interface Options {
  readonly set: readonly string[];
  readonly days: number;
  readonly json: boolean;
}

await runTool("whatif", () => run(program.opts<Options>()));

async function run({ set, days, json }: Options): Promise<void> {
  if (set.length === 0) throw new WhatifError("--set is needed: what should have been otherwise?");
  const config = loadConfig();
  const { catalog } = await loadCatalog(config.catalogFile);
  const changed = changeCatalog(await readFile(config.catalogFile, "utf8"), set.map(parseChange));
  const events = await readEvents(warehouseUrls(config).readonlyUrl, days, catalog.timezone);
  const effect = compareControls(events.all, {
    recorded: foldControls(catalog, []),
    proposed: foldControls(changed, []),
    fromMs: events.fromMs,
  });
  console.log(
    json ? JSON.stringify({ set, days, effect }, null, 2) : renderEffect({ changes: set, days, effect }),
  );
}

/** Reads from the start of the week and month in which the span begins, so that budgets are as used as they were. */
async function readEvents(url: string, days: number, timezone: string) {
  const untilMs = Date.now();
  const fromMs = untilMs - days * DAY_MS;
  const startsMs = (["week", "month"] as const).map(
    (grain) => calendarWindow(grain, fromMs, timezone).startMs,
  );
  const warehouse = openWarehouse({ url, readonly: true, timeoutMs: TIMEOUT_MS });
  try {
    const limit = MAX_REQUESTS + 1;
    const all = await readPastRequests(warehouse, { fromMs: Math.min(...startsMs), untilMs, limit });
    const [first] = all;
    if (all.length === limit && first !== undefined && first.ts > fromMs) {
      throw new WhatifError(`these are more than ${MAX_REQUESTS} requests: ask for fewer days`);
    }
    return { all, fromMs };
  } finally {
    await warehouse.close();
  }
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_DAYS}.`);
}
