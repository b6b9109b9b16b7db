import { z } from "zod";
import { sqlFile } from "../sql-file.ts";
import type { Warehouse } from "../warehouse.ts";
import { ROLLUP_TABLES } from "./rollups.ts";

/** Longer than any reader or build takes: what is older and not current is of no use to anybody. */
const KEPT_MS = 3_600_000;

/** Deletes what later builds have replaced; returns the deleted rows by table. */
export async function forgetOldVersions(
  warehouse: Warehouse,
  nowMs: number,
): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {};
  for (const [table, name] of Object.entries(ROLLUP_TABLES)) {
    const whole = name === "subscriptions" ? "_whole" : "";
    const params = { table, name, before: (nowMs - KEPT_MS) * 1_000 };
    const [found] = await warehouse.query({
      sql: textOf(`old${whole}_versions`),
      params,
      row: z.object({ rows: z.number().int() }),
    });
    deleted[table] = found?.rows ?? 0;
    // A delete rewrites parts even where it finds nothing.
    if (deleted[table] > 0) await warehouse.command(textOf(`delete_old${whole}_versions`), params);
  }
  return deleted;
}

function textOf(name: string): string {
  return sqlFile(new URL(`./${name}.sql`, import.meta.url));
}
