import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openForesight } from "../../pipeline/foresee-directive.ts";
import type { JobDeps } from "../../pipeline/job.ts";
import { jobLedger } from "../../pipeline/job-ledger.ts";
import { readRoutingCells } from "../../pipeline/jobs/learn-routing-read.ts";
import { readSpan } from "../../pipeline/jobs/verify-read.ts";
import { timetable } from "../../pipeline/jobs.ts";
import { readProvidersToday, readRuleMetrics } from "../../pipeline/rule-metrics.ts";
import { steeringWarehouse } from "../../pipeline/steering.ts";
import { testCatalog } from "./test-catalog.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const DAY_MS = 86_400_000;
const USD = 1_000_000_000;
const SIMULATED = 60;
const LIVE = 3;
const LIVE_COST = 1_000;

const overTarget = {
  name: "over-target",
  when: "daily_spend > target_spend * 1.2",
  then: { action: "switch-to-cheaper-provider" },
  priority: "high",
  cooldownMinutes: 15,
  expiresMinutes: 60,
};

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  pipeline.useCatalog(testCatalog({ targetDailySpend: 10, rules: [overTarget] }));
  const nowMs = Date.now();
  const given = { provider: "dear", attempts: [{ provider: "dear", outcome: "ok", ms: 400 }], propensity: 1 };
  const simulated = Array.from({ length: SIMULATED }, (_, index) =>
    recentRequest(nowMs, { ...given, source: "simulated", user_id: `made-up-${index}`, cost: USD }),
  );
  const live = Array.from({ length: LIVE }, () =>
    recentRequest(nowMs, { ...given, user_id: "real", cost: LIVE_COST }),
  );
  await pipeline.store([...simulated, ...live]);
  await pipeline.deps.warehouse.insert(
    "feedback_events",
    simulated.map(({ request_id, user_id, ts }, index) => ({
      event_id: uuidv7(),
      request_id,
      user_id,
      ts,
      rating: 1,
      comment: "",
      source: "simulated",
      log_partition: "simulated-demo",
      log_offset: index,
    })),
  );
}, 60_000);
afterAll(() => pipeline.close());

function depsWhere(maySimulatedSteer: boolean): JobDeps {
  return { ...pipeline.deps, maySimulatedSteer: () => maySimulatedSteer };
}

/** As the scheduler runs it. */
async function runJob(name: string, deps: JobDeps): Promise<unknown> {
  const entry = timetable().find((one) => one.name === name);
  if (entry === undefined) throw new RangeError(`there is no job "${name}"`);
  const now = Date.now;
  const outcome = await jobLedger(deps.warehouse).run(entry, { deps, dueAtMs: now(), now });
  expect(outcome?.error ?? null).toBeNull();
  return outcome?.run.summary;
}

/** What decisions read, in numbers of requests, ratings and dollars. */
async function readAll(deps: JobDeps) {
  const warehouse = steeringWarehouse(deps);
  const nowMs = Date.now();
  const catalog = deps.catalog();
  const { values } = await readRuleMetrics(warehouse, catalog);
  const providers = await readProvidersToday(warehouse, catalog);
  const { cells } = await readRoutingCells(warehouse, catalog, nowMs + 1);
  const span = { fromMs: nowMs - DAY_MS, untilMs: nowMs + 1, share: 1, tier: null };
  const { tried } = await readSpan(warehouse, span);
  const foresee = await openForesight(deps, nowMs);
  const preview = foresee({ kind: "route", params: { prefer: ["cheap"], avoid: [] } });
  const sumOf = (rows: readonly { readonly requests: number }[]) =>
    rows.reduce((sum, { requests }) => sum + requests, 0);
  return {
    dailySpend: values.daily_spend,
    usersOnline: values.users_online,
    providers: sumOf(providers),
    learned: sumOf(cells),
    ratings: cells.reduce((sum, cell) => sum + cell.ratings, 0),
    verified: tried.requests,
    previewed: preview?.recorded.requests ?? 0,
  };
}

describe("beside a real provider", () => {
  it("rules, learning, verification and previews count real requests and their ratings alone", async () => {
    expect(await readAll(depsWhere(false))).toEqual({
      dailySpend: (LIVE * LIVE_COST) / USD,
      usersOnline: 1,
      providers: LIVE,
      learned: LIVE,
      ratings: 0,
      verified: LIVE,
      previewed: LIVE,
    });
  });

  it("simulated spend over the target makes no rule fire and no alert open, also where nobody has said what may steer", async () => {
    for (const deps of [depsWhere(false), pipeline.deps]) {
      expect(await runJob("decide", deps)).toBe("no directive was issued");
      expect(await runJob("evaluate-live-alerts", deps)).toBe("0 open, nothing has changed");
    }
    expect(pipeline.deps.directory.directives.active(Date.now())).toEqual([]);
  });

  it("a forecast that was made while requests were simulated is not known to rules", async () => {
    const { warehouse } = pipeline.deps;
    const nowMs = Date.now();
    const ids = { run_id: uuidv7(), made_at: nowMs, model: "test", unit: "nano-usd" };
    const days = Array.from({ length: 7 }, (_, index) => ({
      ...ids,
      series: "daily_spend",
      scenario: "expected",
      target_date: new Date(nowMs + (index + 1) * DAY_MS).toISOString().slice(0, 10),
      horizon_days: index + 1,
      point: 10 * USD,
      lo80: 0,
      hi80: 0,
      lo95: 0,
      hi95: 0,
    }));
    await warehouse.insert("forecasts", days);
    const read = async (maySteer: boolean) =>
      (await readRuleMetrics(steeringWarehouse(depsWhere(maySteer)), pipeline.deps.catalog())).values
        .forecast_week_spend;
    expect(await read(true)).toBe(70);
    expect(await read(false)).toBeNull();
  });
});

describe("where every provider is simulated", () => {
  it("rules, learning, verification and previews count simulated requests, too", async () => {
    const all = SIMULATED + LIVE;
    expect(await readAll(depsWhere(true))).toMatchObject({
      dailySpend: SIMULATED + (LIVE * LIVE_COST) / USD,
      usersOnline: SIMULATED + 1,
      providers: all,
      learned: all,
      verified: all,
      previewed: all,
    });
  });

  it("simulated spend over the target makes a rule fire", async () => {
    expect(await runJob("decide", depsWhere(true))).toBe("issued 1 directives");
  });
});

it("every job reads what may steer but those that keep, count, publish or show what there is", () => {
  const others = timetable().filter(({ readsSimulated }) => readsSimulated === true);
  expect(others.map(({ name }) => name).sort()).toEqual([
    "apply-retention",
    "build-reports",
    "erase-users",
    "forget-old-rollups",
    "mail-weekly-summary",
    "publish-settings",
    "reconcile",
    "roll-up-activity",
    "roll-up-cohorts",
    "roll-up-ratings",
    "roll-up-requests",
    "roll-up-subscriptions",
    "work-out-break-even",
  ]);
});
