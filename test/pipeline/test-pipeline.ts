import { join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog, RecordLog } from "../../ingest/event-log.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { openDirectory } from "../../pipeline/directory.ts";
import type { JobDeps } from "../../pipeline/job.ts";
import type { GatewayTotals } from "../../pipeline/reconciliation.ts";
import { readableLog } from "../support/readable-log.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";
import { testCatalog } from "./test-catalog.ts";
import { silent } from "./test-control.ts";

export interface TestPipeline {
  readonly deps: JobDeps;
  readonly server: TestWarehouse;
  readonly log: EventLog;
  /** The same, as the sink reads it. */
  readonly records: RecordLog;
  /** What the jobs see from now on. */
  useCatalog(catalog: Catalog): void;
  useTotals(totals: GatewayTotals): void;
  /** Puts requests straight into the warehouse. */
  store(events: readonly RequestEvent[]): Promise<void>;
  /** Empties a table. */
  clear(...tables: string[]): Promise<void>;
  close(): Promise<void>;
}

/** What jobs work with: a real ClickHouse and a real log, in a temporary directory. */
export async function startTestPipeline(): Promise<TestPipeline> {
  const server = await startTestWarehouse();
  const records = await openEmbeddedEventLog({ directory: join(server.directory, "log"), writer: "test" });
  const log = readableLog(records);
  const directory = await openDirectory({ log });
  let catalog = testCatalog();
  let totals: GatewayTotals = { events: 0, costNano: 0 };
  let stored = 0;
  return {
    server,
    log,
    records,
    deps: {
      log,
      directory,
      warehouse: server.warehouse,
      catalog: () => catalog,
      newId: () => uuidv7(),
      gatewayTotals: async () => totals,
      logger: silent,
    },
    useCatalog: (next) => {
      catalog = next;
    },
    useTotals: (next) => {
      totals = next;
    },
    async store(events) {
      const rows = events.map((event) => ({ ...event, log_partition: "test", log_offset: stored++ }));
      await server.warehouse.insert("request_events", rows);
    },
    async clear(...tables) {
      for (const table of tables) await server.warehouse.command(`TRUNCATE TABLE ${table}`);
    },
    async close() {
      await directory.close();
      await log.close();
      await server.close();
    },
  };
}

/** A served request of this moment. */
export function recentRequest(
  nowMs: number,
  given: Partial<Record<keyof RequestEvent, unknown>>,
): RequestEvent {
  return makeRequestEvent({ ts: nowMs, ...given });
}
