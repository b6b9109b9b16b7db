import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { type Config, ConfigError, childEnvironment } from "./config.ts";
import type { SharedAnswers } from "./gateway/cache/shared-answers.ts";
import { openEventCount } from "./gateway/redis/event-count.ts";
import { failOpen } from "./gateway/redis/fail-open.ts";
import { openRedisAnswers } from "./gateway/redis/shared-answers.ts";
import type { Tracing } from "./gateway/tracing/tracing.ts";
import { recordedCounters } from "./gateway/usage-journal/recorded-counters.ts";
import { openEmbeddedUsageStore } from "./gateway/usage-store.embedded.ts";
import { DEFAULT_PREFIX, openRedisUsageStore } from "./gateway/usage-store.redis.ts";
import type { UsageStore } from "./gateway/usage-store.ts";
import type { ErasedFromLog } from "./ingest/erase-from-segments.ts";
import { openEmbeddedEventLog } from "./ingest/event-log.embedded.ts";
import { openKafkaEventLog } from "./ingest/event-log.kafka.ts";
import type { EventLog, EventLogError, RecordLog } from "./ingest/event-log.ts";
import { readEvents } from "./ingest/read-events.ts";
import { DEFAULT_RETENTION } from "./ingest/segments/retention.ts";
import { settledRequests } from "./ingest/settled-requests.ts";
import { drainedOffsets, SPOOL_RETENTION } from "./ingest/spool/drained-offsets.ts";
import { openSpooledEventLog, type SpooledEventLog } from "./ingest/spool/spooled-event-log.ts";
import { nanoFromUsd } from "./models/domain/money.ts";
import { type GatewayClient, openGatewayClient as openGatewayClientAt } from "./pipeline/gateway-client.ts";
import { type Leadership, openLeadership } from "./pipeline/leadership.ts";
import { openReportBuilds, type ReportBuilds } from "./pipeline/reports/report-builds.ts";
import { openWarehouse } from "./warehouse/client.ts";
import { embeddedUrl, readEmbeddedCredentials, readEnginePort } from "./warehouse/embedded-config.ts";
import { type MigrateReport, migrate } from "./warehouse/migrate.ts";
import type { Warehouse } from "./warehouse/warehouse.ts";

/** The only place where adapters are chosen: everything else gets the port. */

export async function openEventLog(config: Config, options: LogOptions): Promise<EventLog> {
  return readEvents(await openRecordLog(config, options), reportTo(options.logger));
}

interface LogOptions {
  readonly writer: string;
  readonly logger: Logger;
}

function reportTo(logger: Logger): (error: EventLogError) => void {
  return (error) => logger.error({ err: error }, "the event log");
}

/** The log as bytes: for the sink, which says what of it is no event. */
export function openRecordLog(config: Config, { writer, logger }: LogOptions): Promise<RecordLog> {
  const { eventLog } = config;
  const onError = reportTo(logger);
  if (eventLog.adapter === "embedded") {
    const onErasure = (erased: ErasedFromLog) => {
      if (erased.users > 0) logger.info(erased, "the event log has forgotten users who were erased");
    };
    return openEmbeddedEventLog({
      directory: eventLog.directory,
      writer,
      onError,
      // One process of a machine deletes what is old and consumed: the one that consumes.
      ...(writer === "ingest" ? { retention: DEFAULT_RETENTION, erasure: true, onErasure } : {}),
    });
  }
  const { settings, spoolDirectory } = eventLog;
  const openKafka = () => openKafkaEventLog({ settings, clientId: `vigor-${writer}`, onError });
  // What a gateway records must not depend on a network.
  return writer === "gateway"
    ? openSpool({ directory: spoolDirectory, writer, openTarget: openKafka, onError })
    : openKafka();
}

/** The log tells which of the reservations that a crash left behind belong to requests that were recorded. */
export async function openUsageStore(
  config: Config,
  { log, logger, timezone }: { log: EventLog; logger: Logger; timezone: () => string },
): Promise<UsageStore> {
  const { usageStore } = config;
  const settledSince = (sinceMs: number) => settledRequests(log, sinceMs);
  const onError = (error: unknown) => logger.error({ err: error }, "the usage store");
  const whenShared = async () => !isSpooled(log) || log.whenDrained();
  const shared = {
    now: Date.now,
    settledSince,
    recorded: recordedCounters({ log, whenShared, timezone, now: Date.now }),
    gapAcceptedUntilMs: config.usageGapAcceptedUntilMs,
    onError,
  };
  if (usageStore.adapter === "embedded")
    return openEmbeddedUsageStore({ ...shared, directory: usageStore.directory });
  const { url, lineageFile } = usageStore;
  const store = await openRedisUsageStore({ ...shared, url, lineageFile });
  if (usageStore.failOpenUsd === null) return store;
  return failOpen({ store, capNano: nanoFromUsd(usageStore.failOpenUsd), onError });
}

/** Several gateways on one Redis count their events together; null where there is one gateway, which counts alone. */
export async function openEventCounts(
  config: Config,
  log: EventLog,
  logger: Logger,
): Promise<{ total(): Promise<number>; close(): Promise<void> } | null> {
  const { usageStore } = config;
  if (usageStore.adapter !== "redis" || !isSpooled(log)) return null;
  return openEventCount({
    url: usageStore.url,
    prefix: DEFAULT_PREFIX,
    ownRuns: () => log.appended("requests"),
    onError: (error) => logger.error({ err: error }, "the count of events"),
  });
}

/** Several gateways on one Redis give each other's answers again; null where there is one gateway, which keeps its own. */
export async function openSharedAnswers(
  { usageStore }: Config,
  logger: Logger,
): Promise<SharedAnswers | null> {
  if (usageStore.adapter !== "redis") return null;
  const onError = (error: unknown) => logger.warn({ err: error }, "the shared answers");
  return openRedisAnswers({ url: usageStore.url, prefix: DEFAULT_PREFIX, onError });
}

/** Null: nobody wants traces, and nothing of what they take is loaded. */
export async function openTracing({ tracing, gatewayPort }: Config, logger: Logger): Promise<Tracing | null> {
  if (tracing === null) return null;
  const { openTelemetryTracing } = await import("./gateway/tracing/open-telemetry.ts");
  return openTelemetryTracing({
    ...tracing,
    instance: `${hostname()}:${gatewayPort}`,
    onError: (error) => logger.error({ err: error }, "the traces"),
  });
}

function isSpooled(log: EventLog): log is EventLog & Pick<SpooledEventLog, "appended" | "whenDrained"> {
  return "appended" in log;
}

async function openSpool(options: {
  directory: string;
  writer: string;
  openTarget: () => Promise<RecordLog>;
  onError: (error: EventLogError) => void;
}): Promise<RecordLog> {
  const { directory, writer, onError } = options;
  const target = await options.openTarget();
  try {
    const spool = await openEmbeddedEventLog({ directory, writer, onError, ...SPOOL_RETENTION });
    return await openSpooledEventLog({ spool, target, drainedTo: drainedOffsets(directory) });
  } catch (error) {
    await target.close();
    throw error;
  }
}

export function openConfiguredWarehouse(config: Config): Warehouse {
  return openWarehouse({ url: warehouseUrls(config).url, replicated: clusterOf(config) !== null });
}

/** Brings the warehouse's schema to this version, on every server of a cluster. */
export function migrateWarehouse(config: Config): Promise<MigrateReport> {
  return migrate({ url: warehouseUrls(config).url, cluster: clusterOf(config) });
}

function clusterOf({ warehouse }: Config): string | null {
  return warehouse.adapter === "server" ? warehouse.cluster : null;
}

/** Null where the data directory's lock lets only one pipeline run. */
export function openConfiguredLeadership(config: Config, warehouse: Warehouse): Leadership | null {
  if (config.warehouse.adapter === "embedded") return null;
  return openLeadership({ warehouse, holder: randomUUID(), monotonicMs: () => performance.now() });
}

export function openConfiguredReports(config: Config): ReportBuilds {
  return openReportBuilds({ dataDir: config.dataDir, environment: childEnvironment() });
}

export function openGatewayClient(config: Config, adminToken: string): GatewayClient {
  return openGatewayClientAt({ url: config.gatewayUrl, adminToken });
}

/** `url` may change the database, `readonlyUrl` may only read it. */
export function warehouseUrls(config: Config): { url: string; readonlyUrl: string } {
  if (config.warehouse.adapter === "server") {
    return { url: config.warehouse.url, readonlyUrl: config.warehouse.url };
  }
  const { credentials, enginePort } = embeddedAccess(config);
  const at = { host: "127.0.0.1", credentials };
  return {
    url: embeddedUrl("vigor", { ...at, port: enginePort }),
    readonlyUrl: embeddedUrl("reports", { ...at, port: config.warehousePort }),
  };
}

export function warehouseDirectory(config: Config): string {
  return join(config.dataDir, "warehouse");
}

/** One line a port, for the start's log. */
export function describeAdapters(config: Config): Record<"eventLog" | "usageStore" | "warehouse", string> {
  const { eventLog, usageStore, warehouse } = config;
  return {
    eventLog:
      eventLog.adapter === "embedded"
        ? `embedded segment files in ${eventLog.directory}`
        : `Kafka at ${eventLog.settings.brokers.join(", ")}, the gateway's spool in ${eventLog.spoolDirectory}`,
    usageStore:
      usageStore.adapter === "embedded"
        ? `embedded, in the gateway's memory, journaled in ${usageStore.directory}`
        : `Redis at ${new URL(usageStore.url).host}`,
    warehouse:
      warehouse.adapter === "embedded"
        ? `embedded ClickHouse on port ${config.warehousePort}, data in ${warehouseDirectory(config)}`
        : `ClickHouse at ${new URL(warehouse.url).host}`,
  };
}

function embeddedAccess(config: Config) {
  const directory = warehouseDirectory(config);
  const enginePort = readEnginePort(directory, config.warehousePort);
  if (enginePort === null) {
    throw new ConfigError(
      `the embedded warehouse has never run in ${config.dataDir} with port ${config.warehousePort}: start it with \`npm start\` (or \`npm run warehouse\`), or set WAREHOUSE_URL`,
    );
  }
  return { credentials: readEmbeddedCredentials(directory), enginePort };
}
