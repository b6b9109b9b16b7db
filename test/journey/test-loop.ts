import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { expect } from "vitest";
import { z } from "zod";
import { startSink } from "../../ingest/sink.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import { type Directory, openDirectory } from "../../pipeline/directory.ts";
import type { JobDeps } from "../../pipeline/job.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/test-gateway.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

/** Gateway, sink, warehouse and what the pipeline's jobs need, in this process and on one clock. */
export interface TestLoop {
  readonly gateway: TestGateway;
  readonly warehouse: TestWarehouse["warehouse"];
  readonly directory: Directory;
  readonly deps: JobDeps;
  close(): Promise<void>;
}

export async function startTestLoop(
  catalog: Catalog,
  now: () => number,
  gatewayOptions: Pick<TestGatewayOptions, "monotonicMs"> = {},
): Promise<TestLoop> {
  const [warehouse, gateway] = await Promise.all([
    startTestWarehouse(),
    startTestGateway({ catalog, now, ...gatewayOptions }),
  ]);
  const sink = await startSink({
    log: gateway.records,
    warehouse: warehouse.warehouse,
    now,
    gatherMs: 10,
    onError: (error) => expect.unreachable(String(error)),
  });
  const logger = pino({ level: "silent" });
  const directory = await openDirectory({ log: gateway.log });
  return {
    gateway,
    warehouse: warehouse.warehouse,
    directory,
    deps: {
      log: gateway.log,
      warehouse: warehouse.warehouse,
      directory,
      catalog: () => catalog,
      newId: uuidv7,
      logger,
      gatewayTotals: () => totalsOf(gateway),
    },
    async close() {
      await sink.close();
      await directory.close();
      await gateway.close();
      await warehouse.close();
    },
  };
}

async function totalsOf(gateway: TestGateway): Promise<{ events: number; costNano: number }> {
  const response = await fetch(`${gateway.url}/internal/totals`, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  });
  return z.object({ events: z.number(), costNano: z.number() }).parse(await response.json());
}
