import { z } from "zod";

const count = z.number().int().nonnegative();

/** `GET /api/metrics/reconciliation`: what each part of the product has counted since it was set up. */
export const reconciliation = z.object({
  gateway: z.object({ events: count, costNano: count }),
  log: z.object({ events: count }),
  warehouse: z.object({ rows: count, distinct: count, costNano: count, duplicates: count }),
  deadLetters: count,
  lag: count,
  agree: z.boolean(),
});
export type Reconciliation = z.infer<typeof reconciliation>;

/** What this run added to each book. */
export interface BookDifference {
  readonly gatewayEvents: number;
  readonly logEvents: number;
  readonly warehouseEvents: number;
  readonly deadLetters: number;
  /** Nano-dollars. */
  readonly gatewayCost: bigint;
  readonly warehouseCost: bigint;
}

export function subtractBooks(after: Reconciliation, before: Reconciliation): BookDifference {
  return {
    gatewayEvents: after.gateway.events - before.gateway.events,
    logEvents: after.log.events - before.log.events,
    warehouseEvents: after.warehouse.distinct - before.warehouse.distinct,
    deadLetters: after.deadLetters - before.deadLetters,
    gatewayCost: BigInt(after.gateway.costNano) - BigInt(before.gateway.costNano),
    warehouseCost: BigInt(after.warehouse.costNano) - BigInt(before.warehouse.costNano),
  };
}

/** What the app itself knows. */
export interface AppBooks {
  readonly sent: number;
  /** Sent, but no answer came: the gateway may have counted them or not. */
  readonly unanswered: number;
  /** Nano-dollars that the answers' headers told; at most what was spent. */
  readonly toldCost: bigint;
}

/** What does not agree, a sentence each; empty = the books agree. */
export function findDisagreements(books: BookDifference, app: AppBooks): string[] {
  const found: string[] = [];
  const answered = app.sent - app.unanswered;
  if (books.gatewayEvents < answered) {
    found.push(`the gateway recorded ${books.gatewayEvents} events, but answered ${answered} requests`);
  }
  if (books.gatewayEvents > app.sent) {
    const more = books.gatewayEvents - app.sent;
    found.push(
      `the gateway recorded ${more} events more than were sent: counted twice, or other apps were active`,
    );
  }
  if (books.logEvents !== books.gatewayEvents) {
    found.push(`the log has ${books.logEvents} events, the gateway ${books.gatewayEvents}`);
  }
  if (books.warehouseEvents !== books.logEvents) {
    found.push(`the warehouse has ${books.warehouseEvents} events, the log ${books.logEvents}`);
  }
  if (books.deadLetters !== 0) found.push(`${books.deadLetters} events became dead letters`);
  if (books.warehouseCost !== books.gatewayCost) {
    found.push(
      `the warehouse has a cost of ${books.warehouseCost} nano-dollars, the gateway ${books.gatewayCost}`,
    );
  }
  if (app.toldCost > books.gatewayCost) {
    found.push(
      `the answers told a cost of ${app.toldCost} nano-dollars, the gateway recorded ${books.gatewayCost}`,
    );
  }
  return found;
}
