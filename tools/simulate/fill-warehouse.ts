import { publishCatalog } from "../../pipeline/jobs/publish-settings.ts";
import { UserError } from "../../runtime/user-error.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { countEarlierRun, forgetEarlierRun } from "./earlier-run.ts";
import { openWarehouseLoader, REFRESH_HISTORY, SIMULATED_PARTITION } from "./load-warehouse.ts";
import { type RunOptions, type RunResult, runSimulation } from "./run.ts";

/** Something that the caller can mend; the message says how. */
export class SimulateError extends UserError {}

/** Puts a simulated past straight into the warehouse, and makes every rollup of it. */
export async function fillWarehouse(
  warehouse: Warehouse,
  { emptyFirst, ...run }: RunOptions & { readonly emptyFirst: boolean },
): Promise<RunResult> {
  const partition = `${SIMULATED_PARTITION}${run.seed}`;
  const earlier = await countEarlierRun(warehouse, partition);
  if (earlier > 0 && !emptyFirst) {
    throw new SimulateError(
      `there are ${earlier} requests of an earlier run with seed ${run.seed}: add --empty-first to replace them, or take another seed`,
    );
  }
  if (earlier > 0) await forgetEarlierRun(warehouse, partition);
  await publishCatalog(warehouse, run.catalog, run.nowMs);
  const result = await runSimulation(openWarehouseLoader({ warehouse, partition }), run);
  await buildAllRollups(buildOptions(warehouse, run.catalog.timezone, run.nowMs));
  await warehouse.command(REFRESH_HISTORY);
  return result;
}
