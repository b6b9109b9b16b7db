import { z } from "zod";
import { truncate } from "../models/domain/text.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { JobDeps, JobEntry, JobReport, JobRun } from "./job.ts";
import { steeringWarehouse } from "./steering.ts";

export interface RunContext {
  readonly deps: JobDeps;
  readonly dueAtMs: number;
  now(): number;
}

export interface RunOutcome {
  readonly run: JobRun;
  /** What the job threw; null when it did not. */
  readonly error: unknown;
  /** Null: at its next time. */
  readonly againInMs: number | null;
}

/** The record of runs in `job_runs`, by which a due time that was run is not run again, in this process or another. */
export interface JobLedger {
  /** Null when this due time was run already. Rejects only when the record itself cannot be kept. */
  run(entry: JobEntry, context: RunContext): Promise<RunOutcome | null>;
}

/** Jobs of a few seconds leave at least this sign of life. */
const HEARTBEAT_MS = 60_000;
const MAX_ERROR_LENGTH = 2000;

export function jobLedger(warehouse: Warehouse): JobLedger {
  const recordedAtMs = new Map<string, number>();

  const isDone = async (job: string, dueAtMs: number): Promise<boolean> => {
    const rows = await warehouse.query({
      sql: sqlFile(new URL("./queries/job-run.sql", import.meta.url)),
      params: { job, due_at: dueAtMs },
      row: z.object({ status: z.string() }),
    });
    return rows.some(({ status }) => status === "ok");
  };
  const isWorthRecording = ({ name, record }: JobEntry, notable: boolean, nowMs: number): boolean =>
    record === "each" || notable || nowMs - (recordedAtMs.get(name) ?? 0) >= HEARTBEAT_MS;

  return {
    async run(entry, { deps, dueAtMs, now }) {
      if (entry.record === "each" && (await isDone(entry.name, dueAtMs))) return null;
      const startedAtMs = now();
      const result = await attempt(entry, deps, dueAtMs);
      const finishedAtMs = now();
      const failed = result.error !== null;
      if (isWorthRecording(entry, failed || result.report.notable, finishedAtMs)) {
        recordedAtMs.set(entry.name, finishedAtMs);
        await warehouse.insert("job_runs", [
          {
            job: entry.name,
            due_at: dueAtMs,
            started_at: startedAtMs,
            finished_at: finishedAtMs,
            status: failed ? "failed" : "ok",
            report: failed ? "" : JSON.stringify(result.report),
            error: failed ? messageOf(result.error) : "",
          },
        ]);
      }
      const summary = failed ? messageOf(result.error) : result.report.summary;
      const status = failed ? "failed" : "ok";
      const againInMs = result.error === null ? (result.report.againInMs ?? null) : null;
      const run: JobRun = { dueAtMs, startedAtMs, finishedAtMs, status, summary };
      return { run, error: result.error, againInMs };
    },
  };
}

type Attempt =
  | { readonly error: null; readonly report: JobReport }
  | {
      readonly error: NonNullable<unknown>;
      readonly report: { readonly notable: true; readonly summary: "" };
    };

async function attempt(entry: JobEntry, deps: JobDeps, dueAtMs: number): Promise<Attempt> {
  try {
    const warehouse = entry.readsSimulated === true ? deps.warehouse : steeringWarehouse(deps);
    return { error: null, report: await entry.run({ ...deps, warehouse }, dueAtMs) };
  } catch (error) {
    return { error: error ?? new Error("nothing was thrown"), report: { notable: true, summary: "" } };
  }
}

function messageOf(error: unknown): string {
  return truncate(error instanceof Error ? error.message : String(error), MAX_ERROR_LENGTH);
}
