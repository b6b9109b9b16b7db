import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { openCatalog } from "../catalog.ts";
import { type Role, runRole } from "../machine/role.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { migrateWarehouse, warehouseUrls } from "../wiring.ts";
import { runDemo } from "./demo/run-demo.ts";
import { type DemoState, NOTHING, readDemoState } from "./demo/state.ts";
import { firstDay } from "./simulate/run.ts";

const DEMO_DAYS = 120;
const DEMO_USERS = 2_000;
const DEMO_SEED = 20_261;
const TIMEOUT_MS = 120_000;

const demo: Role = {
  name: "demo",
  summary:
    "Simulated history and traffic for a look around: straight into the warehouse, marked as simulated.",
  async start({ config, logger }) {
    const { url } = warehouseUrls(config);
    await migrateWarehouse(config);
    const warehouse = openWarehouse({ url, timeoutMs: TIMEOUT_MS });
    const source = await openCatalog(config.catalogFile, logger);
    const catalog = source.current();
    const stop = new AbortController();
    const state = (await readDemoState(config.dataDir)) ?? (await newDemo(warehouse, catalog.timezone));
    if (state === null) logger.info("there are real requests already: no simulated history is made up");
    const running =
      state === null
        ? Promise.resolve()
        : runDemo({
            dataDir: config.dataDir,
            state,
            catalog,
            warehouse,
            logger,
            signal: stop.signal,
            now: Date.now,
          });
    return {
      async close() {
        stop.abort();
        await running;
        source.close();
        await warehouse.close();
        return null;
      },
    };
  },
};

await runRole(demo);

/** Null: the warehouse is in real use, which a made-up past would spoil. */
async function newDemo(warehouse: Warehouse, timeZone: string): Promise<DemoState | null> {
  const [found] = await warehouse.query({
    sql: sqlFile(new URL("./demo/real_requests.sql", import.meta.url)),
    row: z.object({ requests: z.number() }),
  });
  if (found === undefined || found.requests > 0) return null;
  const startDay = firstDay(DEMO_DAYS, Date.now(), timeZone);
  const start = Temporal.PlainDate.from(startDay).toZonedDateTime(timeZone).startOfDay();
  const world = { seed: DEMO_SEED, users: DEMO_USERS, days: DEMO_DAYS, startDay };
  return { ...world, doneUntilMs: start.epochMilliseconds, counts: NOTHING };
}
