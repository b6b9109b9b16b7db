import { z } from "zod";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Job } from "../job.ts";

const keptDays = z.object({ table: z.string(), days: z.number().int() });

/**
 * Has the warehouse delete what is older than the catalog says. Sums by hour and day stay, so no metric changes; what names single
 * users goes with the requests that it was made from.
 */
export const applyRetention: Job = async ({ warehouse, catalog }) => {
  const { requestDays, feedbackDays } = catalog().retention;
  const wanted = new Map([
    ["request_events", requestDays],
    ["rollup_users_daily", requestDays],
    ["feedback_events", feedbackDays],
  ]);
  const known = await warehouse.query({
    sql: textOf("kept_days"),
    params: { tables: [...wanted.keys()] },
    row: keptDays,
  });
  const kept = new Map(known.map(({ table, days }) => [table, days]));
  const changed = [...wanted].filter(([table, days]) => kept.get(table) !== days);
  for (const [table, days] of changed) await warehouse.command(textOf(table), { days });
  return {
    summary:
      changed.length === 0
        ? "nothing has changed"
        : changed.map(([table, days]) => `${table}: ${days} days`).join(", "),
    notable: changed.length > 0,
    details: Object.fromEntries(wanted),
  };
};

function textOf(name: string): string {
  return sqlFile(new URL(`../queries/retention/${name}.sql`, import.meta.url));
}
