import type { Logger } from "pino";
import type { EventLog } from "../ingest/event-log.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Directory } from "./directory.ts";
import type { GatewayTotals } from "./reconciliation.ts";
import type { ReportBuilds } from "./reports/report-builds.ts";

/** What jobs work with. The clock and the ids come from outside, so that a run can be repeated. */
export interface JobDeps {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly directory: Directory;
  catalog(): Catalog;
  /** A UUID, version 7. */
  newId(): string;
  gatewayTotals(): Promise<GatewayTotals>;
  /** The value of an environment variable that the catalog names; null when unset. Absent: there are none. */
  secretOf?(name: string): string | null;
  /** See `SteeringDeps`. */
  maySimulatedSteer?(): boolean;
  /** Absent: this pipeline builds no reports. */
  readonly reports?: ReportBuilds;
  readonly logger: Logger;
}

export interface JobReport {
  /** One line for people. */
  readonly summary: string;
  /** Whether it changed or found anything; what runs every few seconds is only recorded when it did. */
  readonly notable: boolean;
  /** The numbers behind it. */
  readonly details: Readonly<Record<string, unknown>>;
  /** It could not do its work yet and wants to try again that soon, before its next time. */
  readonly againInMs?: number;
}

/** Read, think, write. Run twice for one due time, it changes nothing the second time. */
export type Job = (deps: JobDeps, dueAtMs: number) => Promise<JobReport>;

/** A job that works on what is in the warehouse alone. */
export type WarehouseJob = (
  deps: Pick<JobDeps, "warehouse" | "catalog" | "newId">,
  dueAtMs: number,
) => Promise<JobReport>;

export interface JobEntry {
  readonly name: string;
  /** Six fields: seconds first; in the catalog's time zone. */
  readonly cron: string;
  /** Also runs once as soon as the pipeline starts. */
  readonly atStart: boolean;
  /** `each`: every run is recorded, and a due time that was run is not run again. `notable`: those that did something. */
  readonly record: "each" | "notable";
  /** Keeps, counts or shows simulated requests, too, and decides nothing. Absent: it reads what may steer. */
  readonly readsSimulated?: true;
  readonly run: Job;
}

export interface JobRun {
  readonly dueAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly status: "ok" | "failed";
  readonly summary: string;
}

/** A job as the scheduler of this process sees it. */
export interface JobStatus {
  readonly name: string;
  readonly cron: string;
  readonly running: boolean;
  readonly nextDueAtMs: number | null;
  readonly lastRun: JobRun | null;
}
