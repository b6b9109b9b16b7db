import { z } from "zod";
import type { EventLog, PartitionExtent } from "../ingest/event-log.ts";
import type { Stage } from "../models/policy/safeguards.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** What the gateways say that they have recorded, since their data began. */
export interface GatewayTotals {
  readonly events: number;
  readonly costNano: number;
  /** The spend of all users against the limits; absent: the gateway does not tell. */
  readonly spend?: GatewaySpend | undefined;
}

/** Nano-dollars. */
export interface SpendWindow {
  readonly used: number;
  /** In flight, at the most that it can come to. */
  readonly reserved: number;
  readonly limit: number;
  readonly endsAtMs: number;
}

export interface GatewaySpend {
  readonly stage: Stage;
  readonly day: SpendWindow;
  readonly week: SpendWindow;
  /** The lower of the day's hard limit and an emergency budget. */
  readonly dayAllows: number;
}

export const reconciliation = z.object({
  gateway: z.object({ events: z.number(), costNano: z.number() }),
  log: z.object({ events: z.number() }),
  warehouse: z.object({
    rows: z.number(),
    distinct: z.number(),
    costNano: z.number(),
    /** Copies of events that were there already: taken in, counted once. */
    duplicates: z.number(),
  }),
  deadLetters: z.number(),
  /** In the log, not yet in the warehouse. */
  lag: z.number(),
  /** Passed by the sink, but neither in the warehouse nor among the dead letters: a loss, whatever else is moving. */
  missing: z.number(),
  /** Nothing was moving while it was counted, so that a difference is one. */
  settled: z.boolean(),
  /** Gateways, log and warehouse tell of the same events and the same money. */
  agree: z.boolean(),
});
export type Reconciliation = z.infer<typeof reconciliation>;

export interface ReconcileDeps {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  gatewayTotals(): Promise<GatewayTotals>;
}

const count = z.number().int().nonnegative();

/** One partition of the log as the warehouse has it. */
const storedPartition = z.object({
  log_partition: z.string(),
  next_offset: count,
  inserted: count,
  dead: count,
  rows: count,
  distinct_events: count,
  cost: z.number().int(),
});
export type StoredPartition = z.infer<typeof storedPartition>;

/** Reads the three counts. Throws when one of them cannot be read: a count that is not known is not 0. */
export async function reconcile({ log, warehouse, gatewayTotals }: ReconcileDeps): Promise<Reconciliation> {
  const before = await gatewayTotals();
  const extents = await log.extents("requests");
  const stored = await warehouse.query({
    sql: sqlFile(new URL("./queries/reconciliation.sql", import.meta.url)),
    row: storedPartition,
  });
  const gateway = await gatewayTotals();
  const quiet = before.events === gateway.events && before.costNano === gateway.costNano;
  return compareCounts({ gateway, extents, stored, quiet });
}

export interface Counts {
  readonly gateway: GatewayTotals;
  readonly extents: readonly PartitionExtent[];
  readonly stored: readonly StoredPartition[];
  /** The gateways recorded nothing while the others were counted. */
  readonly quiet: boolean;
}

/**
 * A partition's end is the number of its events: offsets begin at 0 and have no gaps. In Kafka, too, for this topic: it is not
 * compacted, and its producers use no transactions (whose markers take offsets).
 */
export function compareCounts({ gateway, extents, stored, quiet }: Counts): Reconciliation {
  const reached = new Map(stored.map(({ log_partition, next_offset }) => [log_partition, next_offset]));
  const held = new Set(extents.map(({ partition }) => partition));
  // Retention removes only what the sink has taken: of a partition that is gone, the warehouse knows the end.
  const gone = stored.filter(({ log_partition }) => !held.has(log_partition));
  const logEvents = sum(extents, ({ end }) => end) + sum(gone, ({ next_offset }) => next_offset);
  const distinct = sum(stored, (partition) => partition.distinct_events);
  // Below 0 for a moment: rows are in the table before the sink has written down that they are.
  const surplus = sum(stored, (partition) => partition.inserted) - distinct;
  const duplicates = Math.max(0, surplus);
  const deadLetters = sum(stored, (partition) => partition.dead);
  const costNano = sum(stored, (partition) => partition.cost);
  const lag = sum(extents, ({ partition, end }) => Math.max(0, end - (reached.get(partition) ?? 0)));
  const missing = sum(stored, (part) => Math.max(0, part.next_offset - part.inserted - part.dead));
  // Duplicates may be written by gateways, and dead letters by others: what is no event, no gateway has counted.
  const gatewayKnowsAll = [0, duplicates].some((copies) =>
    [0, deadLetters].some((foreign) => gateway.events === logEvents - copies - foreign),
  );
  const warehouseHasAll = distinct + duplicates + deadLetters === logEvents && surplus >= 0;
  return {
    gateway: { events: gateway.events, costNano: gateway.costNano },
    log: { events: logEvents },
    warehouse: { rows: sum(stored, ({ rows }) => rows), distinct, costNano, duplicates },
    deadLetters,
    lag,
    missing,
    settled: quiet && lag === 0,
    agree: lag === 0 && missing === 0 && gatewayKnowsAll && warehouseHasAll && gateway.costNano === costNano,
  };
}

function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
