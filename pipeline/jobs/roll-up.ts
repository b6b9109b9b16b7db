import { buildOptions } from "../../warehouse/rollups/build-all.ts";
import { buildRollup } from "../../warehouse/rollups/build-rollup.ts";
import { ROLLUPS, type RollupName } from "../../warehouse/rollups/rollups.ts";
import type { Job } from "../job.ts";

/** The job that makes the days of one rollup anew which have got new rows. */
export function rollUp(name: RollupName): Job {
  const rollup = ROLLUPS.find((candidate) => candidate.name === name);
  if (rollup === undefined) throw new RangeError(`there is no rollup "${name}"`);
  return async ({ warehouse, catalog }, dueAtMs) => {
    const { days, full } = await buildRollup(rollup, buildOptions(warehouse, catalog().timezone, dueAtMs));
    return {
      summary:
        days.length === 0
          ? "nothing is due"
          : `${days.length} ${days.length === 1 ? "day" : "days"}${full ? ", more are due" : ""}`,
      notable: days.length > 0,
      details: { days: days.length, newest: days[0] ?? null, full },
    };
  };
}
