import { join } from "node:path";
import type { Logger } from "pino";
import { type Config, ConfigError } from "./config.ts";
import { openEmbeddedUsageStore } from "./gateway/usage-store.embedded.ts";
import type { UsageStore } from "./gateway/usage-store.ts";
import { openEmbeddedEventLog } from "./ingest/event-log.embedded.ts";
import type { EventLog } from "./ingest/event-log.ts";
import { DEFAULT_RETENTION } from "./ingest/segments/retention.ts";
import { settledRequests } from "./ingest/settled-requests.ts";
import { type GatewayClient, openGatewayClient as openGatewayClientAt } from "./pipeline/gateway-client.ts";
import { openWarehouse } from "./warehouse/client.ts";
import { embeddedUrl, readEmbeddedCredentials } from "./warehouse/embedded-config.ts";
import type { Warehouse } from "./warehouse/warehouse.ts";

/** The only place where adapters are chosen: everything else gets the port. */

export function openEventLog(
  config: Config,
  { writer, logger }: { writer: string; logger: Logger },
): Promise<EventLog> {
  return openEmbeddedEventLog({
    directory: config.eventLog.directory,
    writer,
    onError: (error) => logger.error({ err: error }, "the event log"),
    // One process of a machine deletes what is old and consumed: the one that consumes.
    ...(writer === "ingest" ? { retention: DEFAULT_RETENTION } : {}),
  });
}

/** The log tells which of the reservations that a crash left behind belong to requests that were recorded. */
export function openUsageStore(config: Config, log: EventLog): Promise<UsageStore> {
  return openEmbeddedUsageStore({
    directory: config.usageStore.directory,
    now: Date.now,
    settledSince: (sinceMs) => settledRequests(log, sinceMs),
  });
}

export function openConfiguredWarehouse(config: Config): Warehouse {
  return openWarehouse({ url: warehouseUrls(config).url });
}

export function openGatewayClient(config: Config, adminToken: string): GatewayClient {
  return openGatewayClientAt({ url: `http://127.0.0.1:${config.gatewayPort}`, adminToken });
}

/** `url` may change the database, `readonlyUrl` may only read it. */
export function warehouseUrls(config: Config): { url: string; readonlyUrl: string } {
  if (config.warehouse.adapter === "server") {
    return { url: config.warehouse.url, readonlyUrl: config.warehouse.url };
  }
  const at = { host: "127.0.0.1", port: config.warehousePort, credentials: credentialsOf(config) };
  return { url: embeddedUrl("vigor", at), readonlyUrl: embeddedUrl("reports", at) };
}

export function warehouseDirectory(config: Config): string {
  return join(config.dataDir, "warehouse");
}

/** One line a port, for the start's log. */
export function describeAdapters(config: Config): Record<"eventLog" | "usageStore" | "warehouse", string> {
  const { warehouse } = config;
  return {
    eventLog: `embedded segment files in ${config.eventLog.directory}`,
    usageStore: `embedded, in the gateway's memory, journaled in ${config.usageStore.directory}`,
    warehouse:
      warehouse.adapter === "embedded"
        ? `embedded ClickHouse on port ${config.warehousePort}, data in ${warehouseDirectory(config)}`
        : `ClickHouse at ${new URL(warehouse.url).host}`,
  };
}

function credentialsOf(config: Config) {
  try {
    return readEmbeddedCredentials(warehouseDirectory(config));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new ConfigError(
      `the embedded warehouse has never run in ${config.dataDir}: start it with \`npm start\` (or \`npm run warehouse\`), or set WAREHOUSE_URL`,
    );
  }
}
