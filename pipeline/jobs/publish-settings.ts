import { z } from "zod";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Job } from "../job.ts";

/** Writes the values of the catalog that the warehouse's views read, as far as they have changed. */
export const publishSettings: Job = async ({ warehouse, catalog }) => {
  const { timezone, safeguards, automation, version } = catalog();
  const wanted = {
    timezone,
    daily_budget_nano: String(safeguards.dailyBudget),
    weekly_budget_nano: String(safeguards.weeklyBudget),
    target_daily_spend_nano: String(automation.targetDailySpend),
  };
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/settings.sql", import.meta.url)),
    row: z.object({ key: z.string(), value: z.string() }),
  });
  const current = new Map(rows.map(({ key, value }) => [key, value]));
  const changed = Object.entries(wanted)
    .filter(([key, value]) => current.get(key) !== value)
    .map(([key, value]) => ({ key, value }));
  await warehouse.insert("settings", changed);
  const keys = changed.map(({ key }) => key);
  return {
    summary: keys.length === 0 ? "nothing has changed" : `published ${keys.join(", ")}`,
    notable: keys.length > 0,
    details: { keys, catalogVersion: version },
  };
};
