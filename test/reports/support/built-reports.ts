import { join, resolve } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { loadCatalog } from "../../../catalog.ts";
import { simulate } from "../../../models/simulation/simulate.ts";
import { forecastSpendJob } from "../../../pipeline/jobs/forecast-spend.ts";
import { publishCatalog } from "../../../pipeline/jobs/publish-settings.ts";
import { buildReports } from "../../../pipeline/reports/build-reports.ts";
import type { Release } from "../../../pipeline/reports/releases.ts";
import { installReports } from "../../../tools/reports/install.ts";
import { openWarehouseLoader } from "../../../tools/simulate/load-warehouse.ts";
import { firstDay } from "../../../tools/simulate/run.ts";
import { buildAllRollups, buildOptions } from "../../../warehouse/rollups/build-all.ts";
import { startTestControl, type TestControl } from "../../pipeline/test-control.ts";
import { startTestPipeline, type TestPipeline } from "../../pipeline/test-pipeline.ts";

/** A month against the one before needs 60 days. */
const DAYS = 70;
const USERS = 120;
const SEED = 7;
const ROOT = resolve(import.meta.dirname, "../../..");

export interface BuiltReports {
  readonly pipeline: TestPipeline;
  readonly control: TestControl;
  readonly release: Release;
  /** What `buildReports` was given, for another build of the same. */
  readonly options: Parameters<typeof buildReports>[0];
  close(): Promise<void>;
}

/** Reports of a simulated past, built as a user builds them and served by the control API. */
export async function startBuiltReports(): Promise<BuiltReports> {
  const pipeline = await startTestPipeline();
  await fill(pipeline);
  const environment = operatorsEnvironment();
  const projectDir = join(ROOT, "reports");
  const { signal } = new AbortController();
  await installReports({ projectDir, environment, signal, onProgress: () => undefined });
  const { directory: dataDir, reportsUrl: warehouseUrl } = pipeline.server;
  const options = { projectDir, dataDir, warehouseUrl, environment, now: Date.now };
  const release = await buildReports(options);
  const control = await startTestControl({ reportsDir: dataDir, warehouse: pipeline.deps.warehouse });
  return {
    pipeline,
    control,
    release,
    options,
    async close() {
      await control.close();
      await pipeline.close();
    },
  };
}

/** What an operator's shell has (certificates, proxies), without what the test runner has added: it would build for tests. */
function operatorsEnvironment(): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|MODE|DEV|PROD|SSR|BASE_URL|TEST|VITEST.*)$/.test(name),
  );
  return Object.fromEntries(ours);
}

async function fill({ deps }: TestPipeline): Promise<void> {
  const { warehouse } = deps;
  const nowMs = Date.now();
  const { catalog } = await loadCatalog(join(ROOT, "catalog.yaml"));
  await publishCatalog(warehouse, catalog, nowMs);
  const startDay = firstDay(DAYS, nowMs, catalog.timezone);
  const loader = openWarehouseLoader({ warehouse, partition: `simulated-${SEED}` });
  let left = DAYS;
  for (const day of simulate({ seed: SEED, users: USERS, days: DAYS, startDay, catalog })) {
    await loader.take(day);
    left -= 1;
    if (left === 0) break;
  }
  await loader.finish();
  await buildAllRollups(buildOptions(warehouse, catalog.timezone, nowMs));
  await forecastSpendJob()({ ...deps, catalog: () => catalog }, nowMs);
  await fillAutomation(warehouse, nowMs);
}

/** What a simulated past does not have: a decision that was kept, and an alert. */
async function fillAutomation(warehouse: TestPipeline["deps"]["warehouse"], nowMs: number): Promise<void> {
  const ts = nowMs - 3_600_000;
  await warehouse.insert("decisions", [
    {
      id: uuidv7(),
      ts,
      rule: "daily-spend-above-target",
      priority: "high",
      mode: "act",
      condition: "daily_spend > 1.0",
      inputs: "{}",
      outcome: "fired",
      reason: "spend was above its target",
      action: JSON.stringify({ action: "switch-to-cheaper-provider" }),
      instruction: "",
      directive_id: uuidv7(),
      simulated_effect: JSON.stringify({ costChangeShare: -0.21 }),
      guard_rails: "",
      verified_at: nowMs,
      verified_effect: JSON.stringify({ costPerAnswerChangeShare: -0.187 }),
      verdict: "kept",
      catalog_version: "test",
    },
  ]);
  await warehouse.insert("alerts", [
    {
      id: uuidv7(),
      kind: "cost-spike",
      subject: "",
      severity: "warning",
      status: "open",
      opened_at: ts,
      resolved_at: 0,
      message: "the last hour cost twice as much as usual",
      details: "",
    },
  ]);
}
