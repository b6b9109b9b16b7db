import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { Temporal } from "temporal-polyfill";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { loadCatalog } from "../catalog.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import { simulate } from "../models/simulation/simulate.ts";
import type { WarehouseJob } from "../pipeline/job.ts";
import { detectAnomaliesJob } from "../pipeline/jobs/detect-anomalies.ts";
import { forecastSpendJob } from "../pipeline/jobs/forecast-spend.ts";
import { publishCatalog } from "../pipeline/jobs/publish-settings.ts";
import { recommend } from "../pipeline/jobs/recommend.ts";
import { workOutBreakEven } from "../pipeline/jobs/work-out-break-even.ts";
import { openWarehouseLoader, REFRESH_HISTORY } from "../tools/simulate/load-warehouse.ts";
import { eventsBetween } from "../tools/simulate/until.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { startEmbeddedWarehouse } from "../warehouse/embedded-server.ts";
import { migrate } from "../warehouse/migrate.ts";
import { buildAllRollups, buildOptions } from "../warehouse/rollups/build-all.ts";
import { type BuildOptions, buildRollup } from "../warehouse/rollups/build-rollup.ts";
import { ROLLUP_NAMES, ROLLUPS, type RollupName } from "../warehouse/rollups/rollups.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

const TIMEOUT_MS = 1_800_000;
const DASHBOARD_DAYS = 30;
/** Days whose newest rows are younger than two minutes when they are built are built once more. */
const SETTLED_MS = 125_000;

const program = new Command("bench:metrics")
  .description(
    "Simulates a product's past straight into an embedded ClickHouse, and measures at each checkpoint: the load, the rollups of everything, " +
      "of the newest day anew, the daily jobs on that day, and each bi_* view's default dashboard query (30 days by day). Prints JSON.",
  )
  .option("--users <number>", "users at the end", Number, 10_000)
  .option("--days <number>", "days", Number, 365)
  .option("--checkpoints <list>", "requests after which to measure, besides the end", "1000000,3000000")
  .option("--rounds <number>", "rounds of each query; the median is the result", Number, 5)
  .option("--directory <path>", "on the disk that is to be measured", tmpdir())
  .parse();
const settings = program.opts<{
  users: number;
  days: number;
  checkpoints: string;
  rounds: number;
  directory: string;
}>();

const root = await mkdtemp(join(settings.directory, "vigor-bench-metrics-"));
const server = await startEmbeddedWarehouse({
  dataDirectory: root,
  host: "127.0.0.1",
  port: await freePort(),
});
try {
  await migrate({ url: server.url });
  const warehouse = openWarehouse({ url: server.url, timeoutMs: TIMEOUT_MS });
  console.log(JSON.stringify(await measure(warehouse), null, 2));
  await warehouse.close();
} finally {
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

async function measure(warehouse: Warehouse) {
  const { catalog } = await loadCatalog(fileURLToPath(new URL("../catalog.yaml", import.meta.url)));
  await publishCatalog(warehouse, catalog, Date.now());
  const nowMs = Date.now();
  const today = Temporal.Now.plainDateISO("UTC");
  const startDay = today.subtract({ days: settings.days - 1 }).toString();
  const waiting = settings.checkpoints
    .split(",")
    .map(Number)
    .filter((count) => count > 0);
  const loader = openWarehouseLoader({ warehouse, partition: "simulated-1" });
  const checkpoints: object[] = [];
  let [days, requests, loadMs] = [0, 0, 0];
  for (const day of simulate({ seed: 1, users: settings.users, days: settings.days, startDay, catalog })) {
    const startedMs = performance.now();
    await loader.take(day.endMs <= nowMs ? day : eventsBetween(day, 0, nowMs));
    days += 1;
    requests += day.requests.length;
    const due = days === settings.days || requests >= (waiting[0] ?? Number.POSITIVE_INFINITY);
    if (due) await loader.finish();
    loadMs += performance.now() - startedMs;
    if (due) {
      waiting.shift();
      checkpoints.push({
        requests,
        days,
        loadSeconds: seconds(loadMs),
        newestDayRequests: day.requests.length,
        ...(await checkpoint({ warehouse, catalog, lastDay: day.truth.day, endMs: day.endMs })),
      });
    }
    if (days === settings.days) break;
  }
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  return { settings, results: checkpoints, machine };
}

interface Checkpoint {
  readonly warehouse: Warehouse;
  readonly catalog: Catalog;
  readonly lastDay: string;
  readonly endMs: number;
}

async function checkpoint({ warehouse, catalog, lastDay, endMs }: Checkpoint) {
  const options = buildOptions(warehouse, "UTC", Date.parse(`${lastDay}T23:59:59Z`));
  const allMs = await timed(() => buildAllRollups(options));
  await warehouse.command(REFRESH_HISTORY);
  return {
    allRollupsSeconds: seconds(allMs),
    newestDayMs: await measureNewestDay(warehouse, lastDay, options),
    jobSeconds: await measureJobs({ warehouse, catalog: () => catalog, newId: () => uuidv7() }, endMs),
    viewMs: await measureViews(warehouse, lastDay),
  };
}

/** As after a minute of new events: the newest day anew, and everything that follows from it. */
async function measureNewestDay(
  warehouse: Warehouse,
  lastDay: string,
  options: BuildOptions,
): Promise<Record<string, number>> {
  await delay(SETTLED_MS);
  await buildAllRollups(options);
  const rounds = new Map<RollupName, number[]>(ROLLUP_NAMES.map((name) => [name, []]));
  for (let round = 0; round < settings.rounds; round += 1) {
    await warehouse.command(
      `INSERT INTO arrivals VALUES ('requests', '${lastDay} 00:00:00', now64(3)), ('feedback', '${lastDay} 00:00:00', now64(3))`,
    );
    for (const rollup of ROLLUPS)
      rounds.get(rollup.name)?.push(await timed(() => buildRollup(rollup, options)));
  }
  return Object.fromEntries([...rounds].map(([name, ms]) => [name, Math.round(median(ms))]));
}

/** As in the first hour after the newest day. */
async function measureJobs(
  deps: Parameters<WarehouseJob>[0],
  endMs: number,
): Promise<Record<string, number>> {
  const dueAtMs = endMs + 12 * 60_000;
  const detect = detectAnomaliesJob();
  // A first look only counts; the second finds the whole past's anomalies, later ones those of the new hour.
  await detect(deps, dueAtMs);
  await detect(deps, dueAtMs);
  const jobs: Record<string, WarehouseJob> = {
    "forecast-spend": forecastSpendJob(),
    "detect-anomalies": detect,
    recommend,
    "work-out-break-even": workOutBreakEven,
  };
  const result: Record<string, number> = {};
  for (const [name, job] of Object.entries(jobs))
    result[name] = seconds(await timed(() => job(deps, dueAtMs)));
  return result;
}

async function measureViews(warehouse: Warehouse, lastDay: string): Promise<Record<string, number>> {
  const views = await warehouse.query({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'bi_%' ORDER BY name",
    row: z.object({ name: z.string() }),
  });
  const result: Record<string, number> = {};
  for (const { name } of views) {
    const sql = await dashboardQuery(warehouse, name, lastDay);
    const rounds: number[] = [];
    for (let round = 0; round < settings.rounds; round += 1) {
      rounds.push(await timed(() => warehouse.query({ sql, row: z.unknown() })));
    }
    result[name] = Math.round(median(rounds));
  }
  return result;
}

/** The last 30 days, where the view has days. */
async function dashboardQuery(warehouse: Warehouse, view: string, lastDay: string): Promise<string> {
  const from = Temporal.PlainDate.from(lastDay)
    .subtract({ days: DASHBOARD_DAYS - 1 })
    .toString();
  const range = `from = '${from}', to = '${lastDay}'`;
  if (view === "bi_usage_hours_over") return `SELECT * FROM ${view}(${range})`;
  if (view.endsWith("_over")) return `SELECT * FROM ${view}(${range}, grain = 'day')`;
  const columns = await warehouse.query({
    sql: "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {view:String} AND name IN ('day', 'hour')",
    params: { view },
    row: z.object({ name: z.string() }),
  });
  const names = columns.map(({ name }) => name);
  if (names.includes("day"))
    return `SELECT * FROM ${view} WHERE ${view}.day BETWEEN '${from}' AND '${lastDay}'`;
  return names.includes("hour")
    ? `SELECT * FROM ${view} WHERE ${view}.hour >= '${from} 00:00:00'`
    : `SELECT * FROM ${view}`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
