import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadCatalog } from "../../catalog.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { MetricValues } from "../../models/rules/metrics.ts";
import type { Ask } from "../../models/simulation/savings/ask.ts";
import { NO_FORECAST } from "../../models/simulation/savings/daily-forecast.ts";
import { openObserver } from "../../models/simulation/savings/live-metrics.ts";
import { type ServedRequest, servedRequest } from "../../models/simulation/savings/served-request.ts";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { readProvidersToday, readRuleMetrics } from "../../pipeline/rule-metrics.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 5;
const EVERY_MS = 10_000;
const SLOT_MS = EVERY_MS / 2;
const MAX_TRIES = 40;
/** The warehouse weighs the current quarter of an hour by the second, at a moment of its own within the slot. */
const MAX_DIFFERENCE = (1.5 * SLOT_MS) / QUARTER_MS;

const BUSY_MS = 2 * HOUR_MS;
/** So many that no metric lacks a sample. */
const AT_ONCE = 7;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());

/** A zone in which it is about noon now, so that there is a today behind and ahead. */
function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead >= 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

/**
 * Requests every ten seconds, several at once in each day's busy hours, of which it is the end, in the middle between whole ones:
 * between two slots of five seconds no window loses or gains any.
 */
function lastDays(catalog: Catalog, nowMs: number): ServedRequest[] {
  const features = [...catalog.features.keys(), "chat"];
  const providers = [...catalog.providers.keys()];
  const outcomes = ["ok", "ok", "ok", "cached", "failed", "ok", "denied"] as const;
  const count = Math.floor((DAYS * DAY_MS) / EVERY_MS);
  const lastMs = Math.floor(nowMs / EVERY_MS) * EVERY_MS - SLOT_MS;
  const times = Array.from({ length: count }, (_, index) => lastMs - (count - 1 - index) * EVERY_MS);
  const moments = times.flatMap((ts) =>
    Array.from({ length: (lastMs - ts) % DAY_MS < BUSY_MS ? AT_ONCE : 1 }, () => ts),
  );
  return moments.map((ts, index) => {
    const outcome = outcomes[index % outcomes.length] ?? "ok";
    const provider = outcome === "denied" ? "" : (providers[index % providers.length] ?? "");
    const ask: Ask = {
      ts,
      hourOfDay: 0,
      userId: `user-${index % 40}`,
      tier: "premium",
      feature: features[index % features.length] ?? "chat",
      requestedModel: "auto",
      prompt: "",
      usage: { input: 0, cachedInput: 0, output: 0, reasoning: 0 },
      luck: 0,
      incidents: [],
    };
    const usage = {
      input: 100 + (index % 13),
      cachedInput: index % 3,
      output: 50 + (index % 7),
      reasoning: index % 2,
    };
    return servedRequest(ask, {
      outcome,
      provider,
      first_provider: provider,
      denial_reason: outcome === "denied" ? "daily_requests_exceeded" : "",
      latency_ms: 100 + ((index * 37) % 4_000),
      rating: index % 25 === 0 && outcome === "ok" ? 1 + (index % 5) : 0,
      ...(outcome === "ok" && { usage, cost: 1_000_000 + (index % 997) * 1_000 }),
    });
  });
}

async function store(requests: readonly ServedRequest[]): Promise<void> {
  const ids = requests.map(() => uuidv7());
  await pipeline.store(
    requests.map(({ liked: _, rating: __, first_provider, ...event }, index) =>
      recentRequest(event.ts, {
        ...event,
        request_id: ids[index],
        attempts:
          first_provider === "" ? [] : [{ provider: first_provider, outcome: "ok", ms: event.latency_ms }],
      }),
    ),
  );
  await pipeline.deps.warehouse.insert(
    "feedback_events",
    requests.flatMap(({ ts, user_id, rating }, index) =>
      rating === 0
        ? []
        : [
            {
              event_id: uuidv7(),
              request_id: ids[index],
              user_id,
              ts,
              rating,
              comment: "",
              source: "live",
              log_partition: "test",
              log_offset: index,
            },
          ],
    ),
  );
  await pipeline.deps.warehouse.command("SYSTEM REFRESH VIEW spend_quarter_hours");
  await pipeline.deps.warehouse.command("SYSTEM WAIT VIEW spend_quarter_hours");
}

/** What the automation of the savings report steers by. */
function observe(catalog: Catalog, requests: readonly ServedRequest[]) {
  const dayOf = (ms: number) => calendarWindow("day", ms, catalog.timezone);
  const [first] = requests;
  if (first === undefined) throw new Error("there are no requests");
  // The history begins with a quarter of an hour that is known, as in the warehouse.
  const from = { ...dayOf(first.ts), startMs: Math.floor(first.ts / QUARTER_MS) * QUARTER_MS };
  const observer = openObserver(catalog, from);
  let today = dayOf(first.ts);
  const begin = (): void =>
    observer.beginDay({ window: today, newcomers: new Set(), usersBefore: 0 }, NO_FORECAST);
  begin();
  for (const request of requests) {
    if (request.ts >= today.endMs) {
      observer.endDay();
      today = dayOf(request.ts);
      begin();
    }
    observer.add(request);
  }
  return observer;
}

/** Defined by tables that the simulation has no need of. */
const ELSEWHERE: ReadonlySet<keyof MetricValues> = new Set(["user_growth"]);

/** The warehouse reads its own clock, several times: they must all fall into one slot. */
async function readInOneSlot(catalog: Catalog): Promise<{ told: MetricValues; atMs: number }> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const atMs = Date.now();
    const { values: told } = await readRuleMetrics(pipeline.deps.warehouse, catalog);
    if (Math.floor(Date.now() / SLOT_MS) === Math.floor(atMs / SLOT_MS)) return { told, atMs };
  }
  throw new Error("the warehouse is too slow to be read within five seconds");
}

it("steers by the metrics that the warehouse would tell", { timeout: 120_000 }, async () => {
  const { catalog: shipped } = await loadCatalog("catalog.yaml");
  const catalog = { ...shipped, timezone: zoneAtNoon() };
  pipeline.useCatalog(catalog);
  await publishSettings(pipeline.deps, Date.now());
  const nowMs = Date.now();
  const requests = lastDays(catalog, nowMs);
  await store(requests);
  const observer = observe(catalog, requests);

  const { told, atMs } = await readInOneSlot(catalog);
  const seen = observer.metricsAt(atMs);
  const known = Object.entries(seen).filter(([, value]) => value !== null).length;
  expect(known).toBeGreaterThanOrEqual(15);
  for (const name of Object.keys(told) as (keyof MetricValues)[]) {
    if (ELSEWHERE.has(name)) continue;
    const [expected, found] = [told[name], seen[name]];
    if (expected === null || found === null) expect([name, found]).toEqual([name, expected]);
    else {
      const ratio = expected === 0 ? 1 + found : found / expected;
      expect(Math.abs(ratio - 1), name).toBeLessThanOrEqual(MAX_DIFFERENCE);
    }
  }

  const providers = await readProvidersToday(pipeline.deps.warehouse, catalog);
  const byName = (a: { provider: string }, b: { provider: string }) => (a.provider < b.provider ? -1 : 1);
  expect(observer.providersToday().toSorted(byName)).toEqual(providers.toSorted(byName));
});
