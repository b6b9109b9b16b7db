import { z } from "zod";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";

const runColumns = z.object({
  job: z.string(),
  due_at: z.number(),
  started_at: z.number(),
  finished_at: z.number().nullable(),
  status: z.string(),
  report: jsonColumn,
  error: z.string(),
});

const shownJob = z.object({
  name: z.string(),
  cron: z.string(),
  running: z.boolean(),
  nextDueAt: z.number().nullable(),
  lastRun: z
    .object({
      dueAt: z.number(),
      startedAt: z.number(),
      finishedAt: z.number(),
      status: z.enum(["ok", "failed"]),
      summary: z.string(),
    })
    .nullable(),
});

const shownRun = z.object({
  job: z.string(),
  dueAt: z.number(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  status: z.string(),
  report: z.unknown(),
  error: z.string().nullable(),
});

/** The timetable, and what became of it. */
export function jobRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/jobs",
      summary: "The timetable, and the recorded runs, the latest first",
      request: z.object({ query: pageQuery.extend({ job: z.string().max(64).default("") }) }),
      answer: z.object({ jobs: z.array(shownJob), runs: z.array(shownRun) }),
      handle: async ({ query }) => {
        const rows = await deps.warehouse.query({
          sql: sqlFile(new URL("../../queries/job-runs.sql", import.meta.url)),
          params: query,
          row: runColumns,
        });
        return { jobs: showJobs(deps), runs: rows.map(showRun) };
      },
    }),
  ];
}

function showJobs({ jobs }: ControlDeps): z.input<typeof shownJob>[] {
  return jobs().map(({ nextDueAtMs, lastRun, ...same }) => ({
    ...same,
    nextDueAt: nextDueAtMs,
    lastRun: lastRun && {
      dueAt: lastRun.dueAtMs,
      startedAt: lastRun.startedAtMs,
      finishedAt: lastRun.finishedAtMs,
      status: lastRun.status,
      summary: lastRun.summary,
    },
  }));
}

function showRun(row: z.output<typeof runColumns>): z.input<typeof shownRun> {
  const { job, due_at: dueAt, started_at: startedAt, finished_at: finishedAt, status, report, error } = row;
  return { job, dueAt, startedAt, finishedAt, status, report, error: error === "" ? null : error };
}
