import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readAlerts } from "../../../pipeline/alerts/alert-store.ts";
import { buildReportsJob } from "../../../pipeline/jobs/build-reports.ts";
import type { BuildOutcome } from "../../../pipeline/reports/report-builds.ts";
import { startTestPipeline, type TestPipeline } from "../test-pipeline.ts";

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(() => pipeline.clear("alerts"));

const at = (text: string): number => Date.parse(text);
const BUILT = { kind: "built", id: "r", madeAtMs: 0, buildMs: 180_000, pages: 16 } as const;

/** The job with builds that end as they are told; the last one again and again. */
function startJob(...outcomes: readonly BuildOutcome[]) {
  let builtAtMs: number | null = null;
  const builds: string[] = [];
  return {
    builds,
    run(time: string) {
      const reports = {
        builtAtMs: async () => builtAtMs,
        build: async () => {
          const outcome = outcomes[Math.min(builds.length, outcomes.length - 1)] ?? BUILT;
          builds.push(time);
          if (outcome.kind === "built") builtAtMs = at(time);
          return outcome;
        },
      };
      return buildReportsJob({ ...pipeline.deps, reports }, at(time));
    },
  };
}

const openAlerts = async () =>
  (await readAlerts(pipeline.deps.warehouse, 0)).filter(({ status }) => status !== "resolved");

it("the first build comes at the first look, then one a day at the hour", async () => {
  const job = startJob(BUILT);
  const looks = [
    "2026-03-01T14:25Z",
    "2026-03-01T15:25Z",
    "2026-03-02T04:25Z",
    "2026-03-02T05:25Z",
    "2026-03-02T06:25Z",
  ];
  for (const look of looks) await job.run(look);
  expect(job.builds).toEqual(["2026-03-01T14:25Z", "2026-03-02T05:25Z"]);
});

it("what was missed is made up for at the next look", async () => {
  const job = startJob(BUILT);
  await job.run("2026-03-01T05:25Z");
  expect(await job.run("2026-03-04T11:25Z")).toMatchObject({ notable: true, summary: "16 pages in 180 s" });
});

it("a failed build is tried again at the next look, with one alert that the next good build resolves", async () => {
  const failed = { kind: "failed", reason: "Error in query spend_daily:\n  no such column" } as const;
  const job = startJob(failed, failed, BUILT);
  await expect(job.run("2026-03-01T05:25Z")).rejects.toThrow("no such column");
  await expect(job.run("2026-03-01T06:25Z")).rejects.toThrow("no such column");
  const alerts = await openAlerts();
  expect(alerts).toMatchObject([{ kind: "reports-failed", severity: "warning" }]);
  expect(alerts[0]?.message).toContain("Error in query spend_daily: no such column");
  await job.run("2026-03-01T07:25Z");
  expect(await openAlerts()).toEqual([]);
});

it("where the reports were never installed, somebody builds them now, or no day is over yet, nothing happens and nobody is alarmed", async () => {
  for (const kind of ["not-installed", "busy", "nothing-yet"] as const) {
    expect(await startJob({ kind }).run("2026-03-01T05:25Z")).toMatchObject({ notable: false });
  }
  expect(await buildReportsJob(pipeline.deps, at("2026-03-01T05:25Z"))).toMatchObject({ notable: false });
  expect(await openAlerts()).toEqual([]);
});
