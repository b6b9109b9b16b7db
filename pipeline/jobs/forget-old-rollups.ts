import { forgetOldVersions } from "../../warehouse/rollups/forget-old-versions.ts";
import type { Job } from "../job.ts";

/** Deletes the rows of rollups that a later build has replaced. */
export const forgetOldRollups: Job = async ({ warehouse }, dueAtMs) => {
  const deleted = await forgetOldVersions(warehouse, dueAtMs);
  const tables = Object.entries(deleted).filter(([, rows]) => rows > 0);
  return {
    summary:
      tables.length === 0
        ? "nothing is old"
        : tables.map(([table, rows]) => `${rows} of ${table}`).join(", "),
    notable: tables.length > 0,
    details: deleted,
  };
};
