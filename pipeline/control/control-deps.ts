import type { Logger } from "pino";
import type { EventLog } from "../../ingest/event-log.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Directory } from "../directory.ts";
import type { JobStatus } from "../job.ts";
import type { GatewayTotals } from "../reconciliation.ts";

/** Everything that the control API works with. */
export interface ControlDeps {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly directory: Directory;
  catalog(): Catalog;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A UUID, version 7. */
  newId(): string;
  readonly adminToken: string;
  /** A user's counters as the gateway has them, for `GET /api/users/:id`. */
  usageOf(userId: string): Promise<unknown>;
  gatewayTotals(): Promise<GatewayTotals>;
  /** What the scheduler of this process runs. */
  jobs(): JobStatus[];
  readonly logger: Logger;
}
