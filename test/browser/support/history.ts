import { detectAnomaliesJob } from "../../../pipeline/jobs/detect-anomalies.ts";
import { forecastSpendJob } from "../../../pipeline/jobs/forecast-spend.ts";
import { recommend } from "../../../pipeline/jobs/recommend.ts";
import { workOutBreakEven } from "../../../pipeline/jobs/work-out-break-even.ts";
import { daysWithoutForecast, forecastAsOf } from "../../../tools/demo/past-forecasts.ts";
import { openWarehouseLoader, REFRESH_HISTORY } from "../../../tools/simulate/load-warehouse.ts";
import { runSimulation } from "../../../tools/simulate/run.ts";
import { buildAllRollups, buildOptions } from "../../../warehouse/rollups/build-all.ts";
import type { TestPipeline } from "../../pipeline/test-pipeline.ts";

const DAYS = 70;
const USERS = 200;
const SEED = 4;
const GRADED_DAYS = 9;

/** Some weeks of a simulated population, and what the pipeline's own jobs make of them. */
export async function fillWithHistory({ deps }: TestPipeline, nowMs: number): Promise<void> {
  const { warehouse } = deps;
  const catalog = deps.catalog();
  const loader = openWarehouseLoader({ warehouse, partition: "simulated-test" });
  const { truth } = await runSimulation(loader, {
    ...{ days: DAYS, users: USERS, seed: SEED, catalog, nowMs },
    output: process.stderr,
  });
  await buildAllRollups(buildOptions(warehouse, catalog.timezone, nowMs));
  await warehouse.command(REFRESH_HISTORY);
  const past = { warehouse, catalog, startDay: truth.startDay, nowMs };
  for (const day of (await daysWithoutForecast(past)).slice(-GRADED_DAYS)) await forecastAsOf(day, past);
  await forecastSpendJob()(deps, nowMs);
  await recommend(deps, nowMs);
  await workOutBreakEven(deps, nowMs);
  const detectAnomalies = detectAnomaliesJob();
  // The first look only counts.
  await detectAnomalies(deps, nowMs);
  await detectAnomalies(deps, nowMs);
}
