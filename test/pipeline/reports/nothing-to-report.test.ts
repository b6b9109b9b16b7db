import { afterAll, beforeAll, expect, it } from "vitest";
import { rollUp } from "../../../pipeline/jobs/roll-up.ts";
import { buildReports, NothingToReport } from "../../../pipeline/reports/build-reports.ts";
import { hasSomethingToReport } from "../../../pipeline/reports/something-to-report.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "../test-pipeline.ts";

const NOW = Date.now();
const DAY_MS = 86_400_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());

it("a first day, which is not over, gives no reports, and that is no failure of a build", async () => {
  const { server, store } = pipeline;
  expect(await hasSomethingToReport(server.reportsUrl)).toBe(false);
  await store([recentRequest(NOW, { user_id: "ada", tier: "free" })]);
  const build = buildReports({
    projectDir: "no-such-project",
    dataDir: server.directory,
    warehouseUrl: server.reportsUrl,
    environment: {},
    now: Date.now,
  });
  await expect(build).rejects.toThrow(NothingToReport);
});

it("from the first complete day on there are reports", async () => {
  const { server, store, deps } = pipeline;
  await store([recentRequest(NOW, { user_id: "ada", tier: "free", ts: NOW - DAY_MS })]);
  await rollUp("requests")(deps, NOW);
  await rollUp("activity")(deps, NOW);
  await deps.warehouse.insert("user_events", [
    {
      event_id: "01900000-0000-7000-8000-000000000001",
      user_id: "ada",
      ts: NOW - DAY_MS,
      type: "seen",
      tier: "free",
      actor: "",
      log_partition: "test",
      log_offset: 0,
    },
  ]);
  await rollUp("subscriptions")(deps, NOW);
  expect(await hasSomethingToReport(server.reportsUrl)).toBe(true);
});
