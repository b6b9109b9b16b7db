import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { reconciliation } from "../../pipeline/reconciliation.ts";
import { sinkLag } from "../../pipeline/sink-lag.ts";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { catalogDocument } from "../support/test-catalog.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";
import { type Fleet, startFleet } from "./support/fleet.ts";
import { kafkaUrl } from "./support/kafka-harness.ts";
import { type KafkaServer, startKafkaServer } from "./support/kafka-server.ts";

/** Dollars a week for one user: a few requests. */
const WEEKLY_BUDGET = 0.002;
const TRACE_REQUESTS = 1_500;
const PARTITIONS = 6;
const PRICE = { input: 0.1e-6, output: 0.4e-6 };
const tier = { dailyRequests: -1, weeklyBudget: 50, monthlyBudget: 200, maxOutputTokens: 200 };
const catalog = catalogDocument({
  tiers: {
    free: { ...tier, weeklyBudget: WEEKLY_BUDGET, allowedProviders: ["cheap"] },
    premium: { ...tier, monthlyPrice: 10, allowedProviders: ["good", "cheap"] },
    unlimited: { ...tier, monthlyPrice: 50, allowedProviders: ["best", "good", "cheap"] },
  },
});

let warehouse: TestWarehouse;
let kafka: KafkaServer;
let provider: SimulatedProvider;
let fleet: Fleet;
let key: string;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-fleet-test-"));
  [warehouse, kafka, provider] = await Promise.all([
    startTestWarehouse(),
    startKafkaServer(),
    startSimulatedProvider({ latencyScale: 0.02 }),
  ]);
  fleet = await startFleet({
    eventLogUrl: kafkaUrl(kafka.broker, PARTITIONS),
    usageStoreUrl: inject("redisUrl").replace("/0", "/7"),
    warehouseUrl: warehouse.url,
    simulatedUrl: provider.url,
    catalog,
  });
  const created = z.object({ key: z.string() });
  key = created.parse(await fleet.control("POST", "/api/keys", { name: "test" })).key;
}, 180_000);
afterAll(async () => {
  await fleet?.close();
  await Promise.all([provider?.close(), kafka?.close(), warehouse?.close()]);
  await rm(directory, { recursive: true, force: true });
});

test("two gateways together never let a user pass a budget: what the provider bills is within it", async () => {
  const statuses = await Promise.all(
    Array.from({ length: 120 }, (_, at) => ask(fleet.gatewayUrls[at % 2] ?? "", "hammering")),
  );
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(5);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5);
  const { promptTokens, completionTokens } = provider.books().cheap ?? fail();
  expect(promptTokens * PRICE.input + completionTokens * PRICE.output).toBeLessThanOrEqual(WEEKLY_BUDGET);
  await agreement();
});

test("a trace is replayed through both gateways and ingests, and what was sent is in every book once, to the nano-dollar", async () => {
  const before = await agreement();
  const recordedBefore = await Promise.all(fleet.gatewayUrls.map(recordedBy));
  const file = join(directory, "trace.csv");
  await writeFile(file, traceOf(TRACE_REQUESTS));
  const at = ["--url", fleet.gatewayUrl, "--control-url", fleet.controlUrl];
  const { output } = await fleet.runTool("tools/replay.ts", [
    ...[file, "--speed", "20", "--users", "200"],
    ...at,
  ]);
  expect(output).toContain("the books agree");

  const after = await agreement(before.log.events + TRACE_REQUESTS);
  const recorded = await Promise.all(fleet.gatewayUrls.map(recordedBy));
  const ofEach = recorded.map((count, gateway) => count - (recordedBefore[gateway] ?? 0));
  // What waits for a new user to become known asks the gateways, too, before the trace begins.
  const sent = after.gateway.events - before.gateway.events;
  expect(sent).toBeGreaterThanOrEqual(TRACE_REQUESTS);
  expect(Math.min(...ofEach)).toBeGreaterThan(0);
  expect(ofEach.reduce((sum, count) => sum + count, 0)).toBe(sent);
  expect(after.log.events - before.log.events).toBe(sent);
  expect(after.warehouse).toMatchObject({
    rows: after.log.events,
    distinct: after.log.events,
    duplicates: 0,
  });
  expect(after).toMatchObject({ deadLetters: 0, missing: 0, lag: 0 });
  expect(after.warehouse.costNano).toBe(after.gateway.costNano);
  expect(after.gateway.costNano).toBeGreaterThan(before.gateway.costNano);
}, 120_000);

test("the control API tells of each topic how far the ingests are behind: nothing, when all is in the warehouse", async () => {
  const found = await waitFor("the ingests", async () => {
    const told = sinkLag.parse(await fleet.control("GET", "/api/metrics/lag"));
    return told.lag === 0 && told;
  });
  const requests = found.topics.find(({ topic }) => topic === "requests");
  expect(requests?.partitions).toHaveLength(PARTITIONS);
  const done = (requests?.partitions ?? []).reduce((sum, { committed }) => sum + committed, 0);
  expect(done).toBe((await agreement()).log.events);
});

test("while Kafka is away requests are answered, and when it is back nothing is missing and nothing is there twice", async () => {
  const before = await agreement(0);
  await kafka.kill();
  const users = Array.from({ length: 60 }, (_, at) => `away-${at}`);
  const statuses = await Promise.all(users.map((user, at) => ask(fleet.gatewayUrls[at % 2] ?? "", user)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  await kafka.restart();
  const after = await agreement(before.log.events + users.length);
  expect(after.warehouse.distinct).toBe(before.warehouse.distinct + users.length);
  expect(after.warehouse.rows).toBe(after.warehouse.distinct);
}, 120_000);

/** What one gateway's own counters say, since its start. */
async function recordedBy(gatewayUrl: string): Promise<number> {
  const text = await (await fetch(`${gatewayUrl}/metrics`)).text();
  const counters = text.matchAll(/^vigor_requests_total\{.*\} (\d+)$/gm);
  return [...counters].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function ask(gatewayUrl: string, user: string): Promise<number> {
  const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-vigor-user": user,
      "x-vigor-feature": "advice",
    },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "A plan for my week." }] }),
  });
  await response.text();
  return response.status;
}

/** Waits until gateway, log and warehouse tell of the same events and the same money. */
async function agreement(events = 1) {
  let last: unknown = null;
  try {
    return await waitFor(
      "an agreement",
      async () => {
        const found = reconciliation.safeParse(
          await fleet.control("GET", "/api/metrics/reconciliation").catch(() => null),
        );
        last = found.data ?? found.error;
        return found.success && found.data.agree && found.data.log.events >= events && found.data;
      },
      60_000,
    );
  } catch (error) {
    throw new Error(`${JSON.stringify(last)}\n${fleet.output().slice(-5_000)}`, { cause: error });
  }
}

function traceOf(count: number): string {
  const startMs = Date.UTC(2026, 0, 5, 12);
  const lines = Array.from({ length: count }, (_, at) => {
    const time = new Date(startMs + at * 200).toISOString().replace("T", " ").replace("Z", "0000");
    return `${time},${100 + ((at * 37) % 900)},${20 + ((at * 13) % 150)}`;
  });
  return ["TIMESTAMP,ContextTokens,GeneratedTokens", ...lines, ""].join("\n");
}

function fail(): never {
  throw new Error("the provider was not called");
}
