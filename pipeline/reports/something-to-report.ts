import { z } from "zod";
import { openWarehouse } from "../../warehouse/client.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";

const TIMEOUT_MS = 60_000;
const listed = z.object({ providers: z.number(), tiers: z.number() });

/** Whether there is a provider and a tier to list: their pages exist only where a list links to one, and a build without any fails. */
export async function hasSomethingToReport(warehouseUrl: string): Promise<boolean> {
  const warehouse = openWarehouse({ url: warehouseUrl, timeoutMs: TIMEOUT_MS });
  try {
    const [row] = await warehouse.query({
      sql: sqlFile(new URL("../queries/reports/listed.sql", import.meta.url)),
      row: listed,
    });
    return row !== undefined && row.providers > 0 && row.tiers > 0;
  } finally {
    await warehouse.close();
  }
}
