import { Redis } from "ioredis";
import { z } from "zod";
import { openKafkaEventLog } from "../../../ingest/event-log.kafka.ts";
import type { RecordLog } from "../../../ingest/event-log.ts";
import { parseKafkaUrl } from "../../../ingest/kafka/kafka-url.ts";
import { reconciliation } from "../../../pipeline/reconciliation.ts";
import { startSimulatedProvider } from "../../../simulated-provider/server.ts";
import { type Fleet, startFleet } from "../../services/support/fleet.ts";
import { kafkaUrl } from "../../services/support/kafka-harness.ts";
import { type KafkaServer, startKafkaServer } from "../../services/support/kafka-server.ts";
import { type RedisServer, startRedisServer } from "../../services/support/redis-server.ts";
import { catalogDocument } from "../../support/test-catalog.ts";
import { waitFor } from "../../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../../warehouse/test-warehouse.ts";
import { all, type Cuttable, openCuttable } from "./cuttable.ts";
import { DAILY_REQUESTS, WEEKLY_BUDGET_USD } from "./limits.ts";
import { openSlowDisk, type SlowDisk } from "./slow-disk.ts";

/** Servers and processes of a deployment on many machines, every wire between them one that can be cut. */
export interface Deployment {
  readonly fleet: Fleet;
  readonly kafka: KafkaServer;
  readonly redis: RedisServer;
  readonly warehouse: TestWarehouse;
  readonly wires: Readonly<
    Record<"kafka" | "redis" | "warehouse", Pick<Cuttable, "cut" | "silence" | "mend">>
  >;
  /** Of the gateways. */
  readonly disk: SlowDisk;
  /** Another client of the deployment's log. */
  readonly log: RecordLog;
  readonly key: string;
  /** Deletes every key of Redis. */
  flushRedis(): Promise<void>;
  /** The books, when gateways, log and warehouse agree. */
  agreement(): Promise<z.infer<typeof reconciliation>>;
  close(): Promise<void>;
}

const AGREEMENT_TIMEOUT_MS = 75_000;
const LATENCY_SCALE = 0.05;
/** Short, so that the drain has to go on by itself where the load balancer is slow to notice. */
const DRAIN_SECONDS = 1.5;
/** Each partition of the log is on both. */
const BROKERS = 2;

export async function startDeployment(): Promise<Deployment> {
  const wires: Cuttable[] = [];
  const wireTo = async (port: number): Promise<Cuttable> => {
    const wire = await openCuttable(port);
    wires.push(wire);
    return wire;
  };
  const [warehouse, kafka, redis, provider] = await Promise.all([
    startTestWarehouse(),
    startKafkaServer({ brokers: BROKERS, between: wireTo }),
    startRedisServer(),
    startSimulatedProvider({ latencyScale: LATENCY_SCALE }),
  ]);
  const kafkaWires = all([...wires]);
  const disk = await openSlowDisk();
  const redisWire = await wireTo(Number(new URL(redis.url).port));
  const warehouseWire = await wireTo(Number(new URL(warehouse.url).port));
  const eventLogUrl = kafkaUrl(kafka.broker, 6);
  const fleet = await startFleet({
    eventLogUrl,
    usageStoreUrl: atPort(redis.url, redisWire.port),
    warehouseUrl: atPort(warehouse.url, warehouseWire.port),
    simulatedUrl: provider.url,
    catalog: faultCatalog(),
    ingests: 3,
    pipelines: 2,
    drainSeconds: DRAIN_SECONDS,
    gatewayPreload: disk.preload,
  });
  const log = await openKafkaEventLog({
    settings: parseKafkaUrl(eventLogUrl),
    clientId: "faults",
    onError: () => {},
  });
  const created = z.object({ key: z.string() });
  const { key } = created.parse(await fleet.control("POST", "/api/keys", { name: "faults" }));
  return {
    ...{ fleet, kafka, redis, warehouse, log, key, disk },
    wires: { kafka: kafkaWires, redis: redisWire, warehouse: warehouseWire },
    async flushRedis() {
      const admin = new Redis(redis.url);
      await admin.flushall();
      await admin.quit();
    },
    agreement: () => agreement(fleet),
    async close() {
      await fleet.close();
      await log.close();
      await Promise.all([provider.close(), kafka.close(), redis.close(), warehouse.close()]);
      await Promise.all([...wires.map((wire) => wire.close()), disk.close()]);
    },
  };
}

function faultCatalog(): Record<string, unknown> {
  const tier = { maxOutputTokens: 100, monthlyBudget: 1 };
  return catalogDocument({
    tiers: {
      free: {
        ...tier,
        dailyRequests: DAILY_REQUESTS,
        weeklyBudget: WEEKLY_BUDGET_USD,
        allowedProviders: ["cheap"],
      },
    },
  });
}

async function agreement(fleet: Fleet): Promise<z.infer<typeof reconciliation>> {
  let last: unknown = null;
  try {
    return await waitFor(
      "an agreement",
      async () => {
        const answer = await fleet.control("GET", "/api/metrics/reconciliation").catch(() => null);
        const found = reconciliation.safeParse(answer);
        last = found.data ?? answer;
        return found.success && found.data.agree && found.data;
      },
      AGREEMENT_TIMEOUT_MS,
    );
  } catch (error) {
    throw new Error(`${JSON.stringify(last)}\n${fleet.output().slice(-8_000)}`, { cause: error });
  }
}

function atPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}
