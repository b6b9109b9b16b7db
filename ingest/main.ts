import { setTimeout as delay } from "node:timers/promises";
import { type Role, runRole } from "../machine/role.ts";
import { migrateWarehouse, openConfiguredWarehouse, openRecordLog } from "../wiring.ts";
import { type Sink, startSink } from "./sink.ts";

/** Longer than a batch that is being gathered takes; what takes longer comes at the next start. */
const CATCH_UP_MS = 1_500;
const CHECK_EVERY_MS = 20;

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
        const lag = await catchUp(sink);
        await sink.close();
        await log.close();
        await warehouse.close();
        if (lag === 0) return null;
        return `${lag} events of the log reach the warehouse at the next start`;
      },
    };
  },
};

await runRole(ingest);

/** Lets what is in the log reach the warehouse, for a moment; answers how many events have not. */
async function catchUp(sink: Sink): Promise<number> {
  const deadline = performance.now() + CATCH_UP_MS;
  for (;;) {
    const lag = await sink.lag();
    if (lag === 0 || performance.now() >= deadline) return lag;
    await delay(CHECK_EVERY_MS);
  }
}
