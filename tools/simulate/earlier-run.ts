import { z } from "zod";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

const TABLES = ["request_events", "user_events", "feedback_events"] as const;

/** How many requests an earlier run has put under this partition. */
export async function countEarlierRun(warehouse: Warehouse, partition: string): Promise<number> {
  const [row] = await warehouse.query({
    sql: sqlFile(new URL("./earlier_run.sql", import.meta.url)),
    params: { partition },
    row: z.object({ requests: z.number().int() }),
  });
  return row?.requests ?? 0;
}

/** Deletes what an earlier run has put there, and everything that was worked out from it: rollups are made anew afterwards. */
export async function forgetEarlierRun(warehouse: Warehouse, partition: string): Promise<void> {
  const statement = sqlFile(new URL("./forget_earlier_run.sql", import.meta.url));
  for (const table of TABLES) await warehouse.command(statement, { table, partition });
  await warehouse.command(sqlFile(new URL("./forget_offsets.sql", import.meta.url)), { partition });
  for (const table of ["rollup_builds", "arrivals"]) await warehouse.command(`TRUNCATE TABLE ${table}`);
  for (const topic of ["request", "feedback"]) {
    await warehouse.command(sqlFile(new URL(`./mark_${topic}_arrivals.sql`, import.meta.url)));
  }
}
