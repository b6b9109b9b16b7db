import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { JobReport } from "../../pipeline/job.ts";
import { openLeadership } from "../../pipeline/leadership.ts";
import { startScheduler } from "../../pipeline/scheduler.ts";
import { waitFor } from "../support/wait-for.ts";
import { unreachableWarehouse } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() => pipeline.clear("pipeline_terms"));

const NEVER = "0 0 0 1 1 *";
const DONE: JobReport = { summary: "done", notable: false, details: {} };
const SHORT_TERM_MS = 300;
/** A renewal has a third of it: long enough for a busy machine. */
const RENEWED_TERM_MS = 3_000;
let terms = 0;

function open(holder: string, given: { monotonicMs?: () => number; termMs?: number } = {}) {
  return openLeadership({
    warehouse: pipeline.deps.warehouse,
    holder: `${holder}-${terms++}`,
    monotonicMs: () => performance.now(),
    ...given,
  });
}

it("of many pipelines that start at once exactly one leads", async () => {
  const all = Array.from({ length: 8 }, (_, at) => open(`p${at}`));
  for (let round = 0; round < 3; round++) {
    const held = await Promise.all(all.map((one) => one.isHeld()));
    expect(held.filter((is) => is)).toHaveLength(1);
  }
  await Promise.all(all.map((one) => one.close()));
});

it("two pipelines run each due time of a job once, between them", async () => {
  const runs = new Map<number, number>();
  const job = {
    ...{ name: `job-${terms}`, cron: NEVER, atStart: false, record: "notable" as const },
    run: async (_deps: unknown, dueAtMs: number) => {
      runs.set(dueAtMs, (runs.get(dueAtMs) ?? 0) + 1);
      return DONE;
    },
  };
  const schedulers = ["a", "b"].map((name) =>
    startScheduler({ deps: pipeline.deps, entries: [job], now: Date.now, leadership: open(name) }),
  );
  for (let dueAt = 1; dueAt <= 20; dueAt++)
    await Promise.all(schedulers.map((scheduler) => scheduler.runNow(job.name, dueAt)));
  expect([...runs.values()]).toEqual(Array.from({ length: 20 }, () => 1));
  await Promise.all(schedulers.map((scheduler) => scheduler.close()));
});

it("when the one that leads closes, another leads at once", async () => {
  const [first, second] = [open("a"), open("b")];
  expect([await first.isHeld(), await second.isHeld()]).toEqual([true, false]);
  await first.close();
  expect([await second.isHeld(), await first.isHeld()]).toEqual([true, false]);
  await second.close();
});

it("when the one that leads dies, another leads after its term, and never before the dead one would have stopped", async () => {
  let aheadMs = 0;
  const dead = open("dead", { termMs: SHORT_TERM_MS, monotonicMs: () => performance.now() + aheadMs });
  const other = open("other", { termMs: SHORT_TERM_MS });
  expect(await dead.isHeld()).toBe(true);
  expect(await other.isHeld()).toBe(false);
  await waitFor("the other one", () => other.isHeld());
  aheadMs = 10 * SHORT_TERM_MS;
  expect(await dead.isHeld()).toBe(false);
});

it("the one that leads goes on leading, term after term", async () => {
  const leader = open("leader", { termMs: RENEWED_TERM_MS });
  const other = open("other", { termMs: RENEWED_TERM_MS });
  await leader.isHeld();
  const end = performance.now() + 2.5 * RENEWED_TERM_MS;
  await waitFor(
    "some terms",
    async () => {
      expect([await leader.isHeld(), await other.isHeld()]).toEqual([true, false]);
      return performance.now() > end;
    },
    30_000,
  );
  await leader.close();
});

it("without the warehouse nobody begins to lead, and who leads stops with the end of the term", async () => {
  let warehouse = pipeline.deps.warehouse;
  let aheadMs = 0;
  const leader = openLeadership({
    warehouse: {
      ...warehouse,
      query: (query) => warehouse.query(query),
      insert: (table, rows, options) => warehouse.insert(table, rows, options),
    },
    holder: "leader",
    monotonicMs: () => performance.now() + aheadMs,
  });
  expect(await leader.isHeld()).toBe(true);
  warehouse = unreachableWarehouse();
  aheadMs = 7_000;
  expect(await leader.isHeld()).toBe(true);
  aheadMs = 9_000;
  await expect(leader.isHeld()).rejects.toThrow("refused");
});

it("a job that cannot do its work yet runs again soon, and not for ever", async () => {
  let runs = 0;
  const job = {
    ...{ name: `eager-${terms}`, cron: NEVER, atStart: true, record: "notable" as const },
    run: async () => {
      runs += 1;
      return runs < 4 ? { ...DONE, againInMs: 5 } : DONE;
    },
  };
  const scheduler = startScheduler({ deps: pipeline.deps, entries: [job], now: Date.now });
  await waitFor("the fourth run", () => runs === 4);
  expect(scheduler.status()[0]?.lastRun?.status).toBe("ok");
  await scheduler.close();
});
