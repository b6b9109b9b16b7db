import type { Logger } from "pino";
import type { EventLog } from "../../ingest/event-log.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { CatalogProblem } from "../../models/domain/resolve-catalog.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Directory } from "../directory.ts";
import type { JobStatus } from "../job.ts";
import type { GatewayTotals } from "../reconciliation.ts";
import type { Panel } from "./panel-files.ts";

/** Everything that the control API works with. */
export interface ControlDeps {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly directory: Directory;
  catalog(): Catalog;
  /** Why the catalog file as it is now was refused; empty or absent: it is the one in use. */
  catalogProblems?(): readonly CatalogProblem[];
  /** Milliseconds since the epoch. */
  now(): number;
  /** A UUID, version 7. */
  newId(): string;
  readonly adminToken: string;
  /** Who has it may look, but not change anything; null or absent: there are no viewers. */
  readonly viewerToken?: string | null;
  /** Whose `x-forwarded-for` is believed: addresses, subnets, `loopback`, `uniquelocal`. Absent: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** The value of an environment variable that the catalog names; null when unset. Absent: there are none. */
  secretOf?(name: string): string | null;
  /** See `SteeringDeps`. */
  maySimulatedSteer?(): boolean;
  /** A user's counters as the gateway has them, for `GET /api/users/:id`. */
  usageOf(userId: string): Promise<unknown>;
  gatewayTotals(): Promise<GatewayTotals>;
  /** What the scheduler of this process runs. */
  jobs(): JobStatus[];
  /** Absent: one is built when it is asked for. */
  readonly panel?: Panel;
  /** The data directory whose reports are served at `/reports/`; absent: there are none. */
  readonly reportsDir?: string;
  readonly logger: Logger;
}
