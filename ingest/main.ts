import { type Role, runRole } from "../machine/role.ts";
import { migrateWarehouse, openConfiguredWarehouse, openRecordLog } from "../wiring.ts";
import { startSink } from "./sink.ts";

const ingest: Role = {
  name: "ingest",
  summary: "The sink: reads the event log and writes it into the warehouse, each event once.",
  async start({ config, logger }) {
    const { applied } = await migrateWarehouse(config);
    if (applied.length > 0) logger.info({ applied }, "the warehouse was migrated");
    const log = await openRecordLog(config, { writer: "ingest", logger });
    const warehouse = openConfiguredWarehouse(config);
    const sink = await startSink({
      log,
      warehouse,
      now: Date.now,
      onError: (error, what) => logger.error({ err: error }, what),
    });
    logger.info("following the event log");
    return {
      async close() {
        await sink.close();
        await log.close();
        await warehouse.close();
      },
    };
  },
};

await runRole(ingest);
