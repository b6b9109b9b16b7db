import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { loadCatalog } from "../../catalog.ts";
import { simulate } from "../../models/simulation/simulate.ts";
import type { DayTruth } from "../../models/simulation/truth.ts";
import { publishCatalog } from "../../pipeline/jobs/publish-settings.ts";
import { openWarehouseLoader } from "../../tools/simulate/load-warehouse.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import { cacheTotal, type Events, providersDaily, spendDaily, systemDaily } from "./recount.ts";
import { businessDaily, cohorts, tiersDaily, usersDaily } from "./recount-users.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

/** Churn looks back on 60 days. */
const DAYS = 66;
const USERS = 60;
/** The clock changes within the days in both zones that have one. */
const CASES = [
  { seed: 1, timezone: "UTC" },
  { seed: 2, timezone: "Europe/Berlin" },
  { seed: 3, timezone: "Asia/Kolkata" },
  { seed: 4, timezone: "America/New_York" },
  { seed: 5, timezone: "UTC" },
];
const START_DAY = "2026-02-09";
const END_MS = Date.parse("2026-04-15T12:00:00Z");

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());

describe.each(CASES)("seed $seed in $timezone", ({ seed, timezone }) => {
  let events: Events;
  let truth: readonly DayTruth[];

  beforeAll(async () => {
    await emptyWarehouse();
    const { catalog: file } = await loadCatalog(resolve(import.meta.dirname, "../../catalog.yaml"));
    const catalog = { ...file, timezone };
    await publishCatalog(server.warehouse, catalog, END_MS);
    const simulated = load({ seed, catalog });
    events = simulated.events;
    truth = simulated.truth;
    await store(events);
  });

  it("spend of each day equals the truth and the recount, to the nano-dollar", async () => {
    const found = await read("SELECT * EXCEPT orphaned FROM bi_spend_daily");
    expect(found).toEqual(spendDaily(events));
    const counted = (day: DayTruth) => ({
      day: day.day,
      requests: day.requests,
      ok: day.ok + day.cached,
      cached: day.cached,
      denied: day.denied,
      failed: day.failed,
      aborted: day.aborted,
      users: day.activeUsers,
      cost: day.cost,
      cache_saved: day.cacheSaved,
    });
    expect(found).toEqual(truth.map(counted));
  });

  it("the product's uptime, errors, times and satisfaction equal the recount", async () => {
    const sql = `SELECT * EXCEPT (denied, p50_ms, p95_ms, p99_ms, cost, cost_per_request) FROM bi_performance_system_over(${range("day")})`;
    expect(await read(sql)).toEqual(systemDaily(events).map(near));
  });

  it("each provider's calls, times, costs and satisfaction equal the recount and the truth", async () => {
    const sql = `SELECT * EXCEPT (p50_ms, p95_ms, p99_ms, p50_ttft_ms, p95_ttft_ms) FROM bi_performance_providers_over(${range("day")})`;
    const found = await read(sql);
    expect(found).toEqual(providersDaily(events).map(near));
    const calls = truth.flatMap(({ day, providers }) =>
      Object.entries(providers).map(
        ([provider, of]) => `${day} ${provider} ${of.calls} ${of.okCalls} ${of.cost}`,
      ),
    );
    expect(
      found.map((row) => `${row.period} ${row.provider} ${row.calls} ${row.ok_calls} ${row.cost}`),
    ).toEqual(calls.sort());
  });

  it("what shows of the quality of each provider's answers equals the truth", async () => {
    const shares = [
      ["cut_off", "cutOff"],
      ["empty", "empty"],
      ["refused", "refused"],
      ["filtered", "filtered"],
      ["invalid_json", "invalidJson"],
      ["asked_again", "askedAgain"],
    ] as const;
    const found = await read(`SELECT * FROM bi_quality_over(${range("day")})`);
    const counted = truth.flatMap(({ day, providers }) =>
      Object.entries(providers)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .filter(([, of]) => of.answers + of.askedAgain > 0)
        .map(([provider, of]) => ({
          period: day,
          provider,
          answers: of.answers,
          ...Object.fromEntries(
            shares.map(([column, name]) => [column, of.answers === 0 ? null : of[name] / of.answers]),
          ),
        })),
    );
    expect(found).toEqual(counted.map(near));
    const shown = new Set(
      shares.filter(([column]) => found.some((row) => Number(row[column]) > 0)).map(([column]) => column),
    );
    for (const column of ["refused", "invalid_json", "asked_again"]) expect(shown).toContain(column);
  });

  it("percentiles of response times are within 2 % of the exact ones", async () => {
    const [found] = await read(
      `SELECT p50_ms, p95_ms, p99_ms FROM bi_performance_system_over(${range("total")})`,
    );
    const sorted = events.requests
      .filter(({ outcome }) => outcome === "ok" || outcome === "cached")
      .map(({ latency_ms }) => latency_ms)
      .sort((a, b) => a - b);
    for (const [name, level] of [
      ["p50_ms", 0.5],
      ["p95_ms", 0.95],
      ["p99_ms", 0.99],
    ] as const) {
      const exact = sorted[Math.floor(level * (sorted.length - 1))] ?? 0;
      expect(Math.abs(Number(found?.[name]) / exact - 1), name).toBeLessThanOrEqual(0.02);
    }
  });

  it("the cache's hits and savings by feature equal the recount, and hits are faster", async () => {
    const found = await read(
      `SELECT feature, cacheable, hits, hit_rate, saved FROM bi_cache_over(${range("total")}) WHERE feature != ''`,
    );
    expect(found).toEqual(cacheTotal(events).map(near));
    const [all] = await read(
      `SELECT hits, saved, improvement_ms, saved_ms FROM bi_cache_over(${range("total")}) WHERE feature = ''`,
    );
    expect(all).toMatchObject({
      hits: truth.reduce((total, { cached }) => total + cached, 0),
      saved: truth.reduce((total, { cacheSaved }) => total + cacheSaved, 0),
    });
    expect(Number(all?.improvement_ms)).toBeGreaterThan(100);
    const soonerMs = events.requests.reduce((total, { cache_saved_ms }) => total + cache_saved_ms, 0);
    expect(Number(all?.saved_ms) / soonerMs).toBeCloseTo(1, 6);
  });

  it("users, activity and both churns equal the truth and the recount", async () => {
    const found = await read(
      "SELECT * EXCEPT (formerly_active, lost, cancellations_30, paid_users_before) FROM bi_users_daily",
    );
    expect(found).toEqual(usersDaily(events).map(near));
    const counted = (day: DayTruth) => ({
      day: day.day,
      total_users: day.totalUsers,
      new_users: day.newUsers,
      active: day.activeUsers,
      active_7: day.activeUsers7,
      active_30: day.activeUsers30,
      churn_rate: day.formerlyActive === 0 ? null : expect.closeTo(day.lost / day.formerlyActive, 9),
      paid_users: day.paidUsers,
      upgrades: day.upgrades,
      cancellations: day.cancellations,
    });
    expect(found.map(({ subscription_churn: _churn, ...row }) => row)).toEqual(truth.map(counted));
  });

  it("tiers by day equal the truth and the recount", async () => {
    const found = await read("SELECT * EXCEPT stickiness FROM bi_users_by_tier");
    expect(found).toEqual(tiersDaily(events).map(near));
    for (const { day, tiers } of truth) {
      for (const [tier, { users, activeUsers, activeUsers30, requests, cost }] of Object.entries(tiers)) {
        const row = found.find((candidate) => candidate.day === day && candidate.tier === tier);
        expect(row, `${day} ${tier}`).toMatchObject({
          ...{ users, active: activeUsers, active_30: activeUsers30 },
          ...{ requests, cost },
        });
      }
    }
  });

  it("no day and no tier has more active users than users", async () => {
    const tooMany = "active > users OR active_30 > users OR active > active_30";
    expect(
      await read(`SELECT day, tier, users, active, active_30 FROM bi_users_by_tier WHERE ${tooMany}`),
    ).toEqual([]);
    expect(
      await read("SELECT day FROM bi_users_daily WHERE active_30 > total_users OR active_7 > active_30"),
    ).toEqual([]);
  });

  it("cohorts equal the recount", async () => {
    expect(await read("SELECT * FROM bi_cohorts")).toEqual(cohorts(events).map(near));
  });

  it("patterns of use are exact in requests and money, and within 2 % in users", async () => {
    const found = await read(`SELECT * FROM bi_usage_patterns_over(${range("total")})`);
    for (const dimension of ["feature", "country", "device"] as const) {
      const values = new Set(events.requests.map((event) => event[dimension]));
      expect(found.filter((row) => row.dimension === dimension)).toHaveLength(values.size);
      for (const value of values) {
        const of = events.requests.filter((event) => event[dimension] === value);
        const row = found.find((candidate) => candidate.dimension === dimension && candidate.value === value);
        expect(row).toMatchObject({
          requests: of.length,
          cost: of.reduce((total, { cost }) => total + cost, 0),
        });
        const users = new Set(of.map(({ user_id }) => user_id)).size;
        expect(Math.abs(Number(row?.users) - users)).toBeLessThanOrEqual(0.02 * users);
      }
    }
  });

  it("revenue, costs, margin, profit and lifetime value of each day equal the recount, revenue the truth", async () => {
    const found = await read(
      "SELECT day, mrr, revenue, ai, costs, arpu, gross_margin, profit_per_user, clv FROM bi_business_daily",
    );
    expect(found).toEqual(businessDaily(events).map(near));
    expect(found.map(({ day, mrr }) => ({ day, mrr }))).toEqual(
      truth.map(({ day, monthlyRevenue }) => ({ day, mrr: monthlyRevenue })),
    );
  });

  if (seed <= 2) {
    it("copies of any part of the events change no metric", async () => {
      const before = await everyMetric();
      const part = { ...events, requests: events.requests.filter((_, i) => i % 3 === seed % 3) };
      await store({ ...part, users: events.users.slice(10, 60), feedback: events.feedback.slice(0, 50) });
      expect(await everyMetric()).toEqual(before);
    }, 120_000);
  }
});

async function store(events: Events): Promise<void> {
  const loader = openWarehouseLoader({ warehouse: server.warehouse, partition: "simulated-test" });
  await loader.take(events);
  await loader.finish();
  await buildAllRollups(buildOptions(server.warehouse, events.catalog.timezone, END_MS));
}

function load({ seed, catalog }: { seed: number; catalog: Events["catalog"] }) {
  const truth: DayTruth[] = [];
  const events = { requests: [], users: [], feedback: [], days: [], catalog } as {
    -readonly [Key in keyof Events]: Events[Key] extends readonly (infer Item)[] ? Item[] : Events[Key];
  };
  for (const day of simulate({ seed, users: USERS, days: DAYS, startDay: START_DAY, catalog })) {
    events.requests.push(...day.requests);
    events.users.push(...day.users);
    events.feedback.push(...day.feedback);
    events.days.push(day.truth.day);
    truth.push(day.truth);
    if (truth.length === DAYS) return { events, truth };
  }
  throw new Error("a simulation has no end");
}

async function everyMetric() {
  const daily = ["bi_spend_daily", "bi_spend_hourly", "bi_users_daily", "bi_users_by_tier", "bi_cohorts"];
  const business = [
    "bi_business_daily",
    "bi_business_monthly",
    "bi_costs_daily",
    "bi_baseline_daily",
    "bi_usage_patterns",
  ];
  const performance = ["bi_performance_providers", "bi_performance_system", "bi_cache"];
  const result: Record<string, unknown> = {};
  for (const view of [...daily, ...business, ...performance]) {
    const rows = await read(`SELECT * FROM ${view} ORDER BY ALL`);
    // Sketches are merged in the order in which rows are read: equal within 2 %, not bit by bit.
    result[view] = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !/^p\d\d_|^median_|^improvement|^users$/.test(name))
          .map(roundedEntry),
      ),
    );
  }
  return result;
}

function roundedEntry([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(9) : value];
}

async function read(sql: string): Promise<Record<string, unknown>[]> {
  return server.warehouse.query({ sql, row: z.record(z.string(), z.unknown()) });
}

function range(grain: string): string {
  return `from = '2026-01-01', to = '2026-12-31', grain = '${grain}'`;
}

/** Counts exactly; sums and quotients of floating-point numbers up to their rounding (32 bits for times). */
function near<Row extends object>(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" && (name.endsWith("_ms") || !Number.isInteger(value))
        ? roughly(value)
        : value,
    ]),
  );
}

function roughly(value: number): unknown {
  const digits = Math.max(0, 5 - Math.floor(Math.log10(Math.abs(value) + 1e-12)));
  return expect.closeTo(value, digits);
}

async function emptyWarehouse(): Promise<void> {
  const tables = await server.warehouse.query({
    sql: `SELECT name FROM system.tables WHERE database = 'vigor' AND engine LIKE '%MergeTree' AND name NOT LIKE '.%' AND name != 'schema_migrations'`,
    row: z.object({ name: z.string() }),
  });
  for (const { name } of tables) await server.warehouse.command(`TRUNCATE TABLE ${name}`);
}
