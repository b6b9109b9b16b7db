import { createHash } from "node:crypto";
import type { Server } from "node:http";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { EventLog } from "../ingest/event-log.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import type { DirectiveId, EventId, RequestId } from "../models/domain/ids.ts";
import { hourClock } from "../models/policy/hour-of-day.ts";
import { windowsClock } from "../models/policy/windows-clock.ts";
import { openResponseCache } from "./cache/response-cache.ts";
import type { SharedAnswers } from "./cache/shared-answers.ts";
import { closeable } from "./close-server.ts";
import { openCohort } from "./cohort.ts";
import { lookAround, startConditionWatch } from "./condition-watch.ts";
import { openConditions } from "./conditions.ts";
import { openControlState } from "./control-state.ts";
import { openDirectory } from "./directory.ts";
import { openFeedbackLog } from "./feedback-log.ts";
import { forgetErasedUsers } from "./forget-erased-users.ts";
import { DEFAULT_LIMITS, type Gateway, type GatewayLimits } from "./gateway.ts";
import { openProviderHealth } from "./health/provider-health.ts";
import { openLoadMeter } from "./load-meter.ts";
import { openLoadSwitch } from "./load-switch.ts";
import { openGatewayMetrics } from "./metrics/gateway-metrics.ts";
import { uuidSource } from "./new-uuid.ts";
import { startOrphanSweep } from "./orphan-sweep.ts";
import { openOverBounds } from "./over-bounds.ts";
import { openOwnRequests } from "./own-requests.ts";
import { openProviderClients } from "./providers/provider-clients.ts";
import { openRecentQuestions } from "./quality/recent-questions.ts";
import { openRecorder } from "./recorder.ts";
import { openRoom } from "./room.ts";
import { openSafeguardLadder } from "./safeguard-ladder.ts";
import { createGatewayServer, isWatching } from "./server.ts";
import type { Tracing } from "./tracing/tracing.ts";
import type { UsageStore } from "./usage-store.ts";
import { openWorkSlots } from "./work-slots.ts";

export interface GatewayOptions {
  readonly log: EventLog;
  readonly usage: UsageStore;
  readonly catalog: { current(): Catalog; onChange(listener: () => void): void };
  readonly keyOf: (name: string) => string | null;
  readonly simulatedUrl: string | null;
  readonly adminToken: string;
  readonly logger: Logger;
  /** Absent: no traces. The caller closes it. */
  readonly tracing?: Tracing | null;
  readonly host: string;
  readonly port: number;
  readonly now?: () => number;
  readonly monotonicMs?: () => number;
  readonly limits?: Partial<GatewayLimits>;
  /** Events that all gateways have recorded, where there may be more than this one. */
  readonly eventsOfAll?: (() => Promise<number>) | undefined;
  /** Where cached answers are kept across a restart, of this process alone; null (default): in memory only. */
  readonly cacheDirectory?: string | null;
  /** Where several gateways share cached answers; null (default): nowhere. Closed by who opened it. */
  readonly sharedAnswers?: SharedAnswers | null;
  /** How long a gateway that stops goes on serving while it says that it is not ready any more. Default 0. */
  readonly drainMs?: number;
  /** How long answers under way may take when it closes, after the drain; then they are cut off. Default 20 s. */
  readonly stopMs?: number;
  /** What this process and the one after it are called in events. Default: host and port. */
  readonly name?: string;
}

export interface RunningGateway {
  readonly port: number;
  readonly gateway: Gateway;
  /**
   * Takes no more requests, lets the running ones end (bounded), and writes what is pending. Closes neither log nor store.
   * Resolves with the number of requests that could not end.
   */
  close(): Promise<number>;
}

const DEFAULT_STOP_MS = 20_000;
const MAX_NAME_LENGTH = 100;

/** Builds a gateway and listens. Rejects when the port is taken or the log cannot be read. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { log, usage, catalog, logger } = options;
  const now = options.now ?? Date.now;
  const onError = (error: unknown, what: string): void => logger.error({ err: error }, what);
  const extents = await log.extents("requests");
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const monotonicMs = options.monotonicMs ?? ((): number => performance.now());
  const name = options.name ?? `${hostname()}:${options.port}`.slice(-MAX_NAME_LENGTH);
  const newUuid = uuidSource();
  const newId = () => newUuid() as DirectiveId;
  const newEventId = () => newUuid() as EventId;
  const conditions = openConditions({ log, gateway: name, now, newId, logger });
  const providers = openProviderClients(options);
  const gateway: Gateway = {
    directory: await openDirectory({ log, now, onError, newEventId }),
    controls: await openControlState({
      log,
      catalog,
      now,
      onChange: ({ version }) => logger.info({ version }, "new controls are in force"),
    }),
    usage,
    recorder: openRecorder({
      log,
      onError,
      eventsBefore: extents.reduce((sum, { end }) => sum + end, 0),
      eventsOfAll: options.eventsOfAll,
    }),
    conditions,
    safeguards: openSafeguardLadder({ usage, conditions }),
    load: openLoadSwitch({ meter: openLoadMeter(monotonicMs), nowMs: monotonicMs, conditions }),
    overBounds: openOverBounds({ now, conditions, logger }),
    slots: openWorkSlots(limits, monotonicMs),
    arrivals: openCohort(),
    room: openRoom(),
    providers,
    health: openProviderHealth({
      ...limits,
      nowMs: monotonicMs,
      conditions,
      draw: Math.random,
      kindOf: providers.kindOf,
    }),
    cache: await openResponseCache({
      directory: options.cacheDirectory ?? null,
      shared: options.sharedAnswers ?? null,
      now,
      onError,
    }),
    metrics: openGatewayMetrics({ logPendingBytes: log.pendingBytes }),
    questions: openRecentQuestions(),
    ownRequests: openOwnRequests({ isAlone: options.eventsOfAll === undefined, newId: newUuid }),
    tracing: options.tracing ?? null,
    feedback: openFeedbackLog({ log, now, newEventId }),
    logger,
    now,
    monotonicMs,
    windows: windowsOf(catalog),
    hourOfDay: hourOf(catalog),
    newIds: () => ({ eventId: newEventId(), requestId: newUuid() as RequestId }),
    adminTokenSha256: createHash("sha256").update(options.adminToken).digest("hex"),
    limits,
  };
  const forgetting = forgetErasedUsers({ ...gateway, onError });
  // What an earlier process has spent is known before the first request comes.
  await lookAround(gateway);
  let state: "ready" | "draining" | "closed" = "ready";
  const server = createGatewayServer(gateway, {
    ready: () => state === "ready",
    serving: () => state !== "closed",
  });
  const drainMs = options.drainMs ?? 0;
  const close = closeable(server, {
    drainMs,
    maxWaitMs: options.stopMs ?? DEFAULT_STOP_MS,
    isProbe: isWatching,
  });
  await listen(server, options);
  const sweep = startOrphanSweep(gateway);
  const watch = startConditionWatch(gateway);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    gateway,
    async close() {
      state = drainMs > 0 ? "draining" : "closed";
      watch.close();
      forgetting.close();
      await close();
      await sweep.close();
      const unfinished = gateway.slots.inWork();
      await gateway.recorder.close();
      await conditions.close();
      await gateway.cache.close();
      await Promise.all([gateway.directory.close(), gateway.controls.close(), gateway.providers.close()]);
      return unfinished + gateway.recorder.pending();
    },
  };
}

function windowsOf(catalog: GatewayOptions["catalog"]): Gateway["windows"] {
  let clock = windowsClock(catalog.current().timezone);
  catalog.onChange(() => {
    clock = windowsClock(catalog.current().timezone);
  });
  return (atMs) => clock(atMs);
}

function hourOf(catalog: GatewayOptions["catalog"]): Gateway["hourOfDay"] {
  let clock = hourClock(catalog.current().timezone);
  catalog.onChange(() => {
    clock = hourClock(catalog.current().timezone);
  });
  return (atMs) => clock(atMs);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
