import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { JobEntry, JobReport } from "../../pipeline/job.ts";
import { timetable } from "../../pipeline/jobs.ts";
import { type Scheduler, startScheduler } from "../../pipeline/scheduler.ts";
import { unreachableWarehouse } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());

const NEVER = "0 0 0 1 1 *";
const DONE: JobReport = { summary: "done", notable: false, details: { n: 1 } };

function entry(given: Partial<JobEntry> & Pick<JobEntry, "name" | "run">): JobEntry {
  return { cron: NEVER, atStart: false, record: "each", ...given };
}

async function withScheduler<T>(entries: JobEntry[], work: (scheduler: Scheduler) => Promise<T>): Promise<T> {
  const scheduler = startScheduler({ deps: pipeline.deps, entries, now: Date.now });
  try {
    return await work(scheduler);
  } finally {
    await scheduler.close();
  }
}

function runsOf(job: string) {
  return pipeline.deps.warehouse.query({
    sql: "SELECT status, report, error FROM job_runs FINAL WHERE job = {job:String} ORDER BY due_at",
    params: { job },
    row: z.object({ status: z.string(), report: z.string(), error: z.string() }),
  });
}

describe("the scheduler", () => {
  it("runs a due time once, in this process and in the next", async () => {
    let runs = 0;
    const job = entry({
      name: "once",
      run: async () => {
        runs += 1;
        return DONE;
      },
    });
    const dueAt = Date.now();
    await withScheduler([job], async (scheduler) => {
      await scheduler.runNow("once", dueAt);
      await scheduler.runNow("once", dueAt);
    });
    await withScheduler([job], (scheduler) => scheduler.runNow("once", dueAt));
    expect(runs).toBe(1);
    await withScheduler([job], (scheduler) => scheduler.runNow("once", dueAt + 1));
    expect(runs).toBe(2);
    expect(await runsOf("once")).toMatchObject([{ status: "ok" }, { status: "ok" }]);
  });

  it("records a failure, and tries the same due time again", async () => {
    let healthy = false;
    const job = entry({
      name: "flaky",
      run: async () => {
        if (!healthy) throw new Error("not today");
        return DONE;
      },
    });
    const dueAt = Date.now();
    await withScheduler([job], async (scheduler) => {
      await scheduler.runNow("flaky", dueAt);
      expect(await runsOf("flaky")).toEqual([{ status: "failed", report: "", error: "not today" }]);
      expect(scheduler.status()).toMatchObject([{ lastRun: { status: "failed", summary: "not today" } }]);
      healthy = true;
      await scheduler.runNow("flaky", dueAt);
      expect(await runsOf("flaky")).toMatchObject([{ status: "ok", error: "" }]);
    });
  });

  it("never runs a job beside itself", async () => {
    let running = 0;
    let most = 0;
    const job = entry({
      name: "slow",
      record: "notable",
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return DONE;
      },
    });
    await withScheduler([job], (scheduler) =>
      Promise.all(Array.from({ length: 10 }, (_, index) => scheduler.runNow("slow", index + 1))),
    );
    expect(most).toBe(1);
  });

  it("keeps going when the warehouse is down", async () => {
    const scheduler = startScheduler({
      deps: { ...pipeline.deps, warehouse: unreachableWarehouse() },
      entries: [entry({ name: "lost", atStart: true, run: async () => DONE })],
      now: Date.now,
    });
    await scheduler.runNow("lost", Date.now());
    expect(scheduler.status()).toMatchObject([{ name: "lost", running: false }]);
    await scheduler.close();
  });

  it("runs by its cron expression", async () => {
    const due: number[] = [];
    const job = entry({
      name: "ticking",
      cron: "* * * * * *",
      record: "notable",
      run: async (_deps, dueAtMs) => {
        due.push(dueAtMs);
        return DONE;
      },
    });
    await withScheduler([job], async () => {
      await expect.poll(() => due.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    });
    expect(new Set(due).size).toBe(due.length);
  });

  it("a job of every few seconds leaves a record when it did something, and a sign of life otherwise", async () => {
    let notable = false;
    const job = entry({ name: "often", record: "notable", run: async () => ({ ...DONE, notable }) });
    await withScheduler([job], async (scheduler) => {
      const start = Date.now();
      for (const later of [1000, 2000, 3000]) await scheduler.runNow("often", start + later);
      expect(await runsOf("often")).toHaveLength(1);
      notable = true;
      await scheduler.runNow("often", start + 4000);
      expect(await runsOf("often")).toHaveLength(2);
    });
  });
});

describe("the timetable", () => {
  it("every job runs on an empty warehouse without an error", async () => {
    const entries = timetable().map((job): JobEntry => ({ ...job, cron: NEVER, atStart: false }));
    await withScheduler(entries, async (scheduler) => {
      for (const { name } of entries) await scheduler.runNow(name, Date.now());
      expect(scheduler.status().map(({ name, lastRun }) => [name, lastRun?.status])).toEqual(
        entries.map(({ name }) => [name, "ok"]),
      );
    });
  });
});
