import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type Sink, startSink } from "../../ingest/sink.ts";
import { type Directory, openDirectory } from "../../pipeline/directory.ts";
import type { JobDeps } from "../../pipeline/job.ts";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { reconcile } from "../../pipeline/reconciliation.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

const MINUTE_MS = 60_000;
const logger = pino({ level: "silent" });
const ask = { model: "auto", messages: [{ role: "user" as const, content: "A plan for my week, please." }] };

/** A zone in which it is about noon now, so that no day ends while the test runs. */
function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead >= 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

const catalog = testCatalog({
  timezone: zoneAtNoon(),
  automation: {
    mode: "act",
    // The first request is more than that.
    targetDailySpend: 0.000001,
    rules: [
      {
        name: "daily-spend-above-target",
        when: "daily_spend > target_spend * 1.2",
        then: { action: "switch-to-cheaper-provider" },
        priority: "high",
        cooldownMinutes: 60,
        expiresMinutes: 5,
      },
    ],
  },
});

/** The test's clock: the real one, and what the test has added to it. */
let skippedMs = 0;
const now = (): number => Date.now() + skippedMs;

let warehouse: TestWarehouse;
let gateway: TestGateway;
let sink: Sink;
let directory: Directory;
let deps: JobDeps;

beforeAll(async () => {
  [warehouse, gateway] = await Promise.all([startTestWarehouse(), startTestGateway({ catalog, now })]);
  sink = await startSink({
    log: gateway.log,
    warehouse: warehouse.warehouse,
    now,
    gatherMs: 10,
    onError: (error) => expect.unreachable(String(error)),
  });
  directory = await openDirectory({ log: gateway.log, logger });
  deps = {
    log: gateway.log,
    warehouse: warehouse.warehouse,
    directory,
    catalog: () => catalog,
    newId: uuidv7,
    logger,
    gatewayTotals: async () => {
      const response = await fetch(`${gateway.url}/internal/totals`, {
        headers: { authorization: `Bearer ${gateway.adminToken}` },
      });
      return z.object({ events: z.number(), costNano: z.number() }).parse(await response.json());
    },
  };
  await publishSettings(deps, now());
  await gateway.setTier("ada", "unlimited");
});

afterAll(async () => {
  await sink.close();
  await directory.close();
  await gateway.close();
  await warehouse.close();
});

async function providerOfNextAnswer(): Promise<{ provider: string | null; reason: string }> {
  const { response } = await gateway.client("ada").chat.completions.create(ask).withResponse();
  const id = response.headers.get("x-vigor-request-id");
  const event = (await gateway.events()).find(({ request_id }) => request_id === id);
  return { provider: response.headers.get("x-vigor-provider"), reason: event?.route_reason ?? "" };
}

it("spend above its target moves requests to a cheaper provider, and back when the directive ends", async () => {
  const decide = decideJob();
  expect(await providerOfNextAnswer()).toEqual({ provider: "best", reason: "tier-order" });
  await waitFor("the event in the warehouse", async () => (await reconcile(deps)).agree);

  expect((await decide(deps, now())).summary).toBe("issued 1 directives");
  const [record] = directory.directives.all();
  const id = record?.directive.id ?? "";
  expect(record?.directive).toMatchObject({
    kind: "route",
    issuedBy: { type: "rule", name: "daily-spend-above-target" },
    reason: expect.stringContaining("daily_spend"),
    evidence: expect.any(String),
  });
  await waitFor("the directive at the gateway", () =>
    gateway.running.gateway.controls.current().routes.some((route) => route.id === id),
  );
  expect(await providerOfNextAnswer()).toEqual({ provider: "cheap", reason: `directive:${id}` });

  // It rests although the condition still holds.
  expect((await decide(deps, now())).summary).toBe("no directive was issued");

  skippedMs += 5 * MINUTE_MS + 1;
  expect(await providerOfNextAnswer()).toEqual({ provider: "best", reason: "tier-order" });
});

it("what the gateway settled, the log holds and the warehouse sums is the same, to the nano-dollar", async () => {
  const books = await waitFor("agreement", async () => {
    const found = await reconcile(deps);
    return found.agree ? found : null;
  });
  const events = await gateway.events();
  expect(books.warehouse.distinct).toBe(events.length);
  expect(books.warehouse.costNano).toBe(events.reduce((sum, { cost }) => sum + cost, 0));
  expect(books).toMatchObject({ deadLetters: 0, lag: 0, warehouse: { duplicates: 0 } });
});

it("the decision's record names the rule, its inputs and the directive", async () => {
  const rows = await warehouse.warehouse.query({
    sql: "SELECT rule, toString(directive_id) AS directive_id FROM decisions FINAL",
    row: z.object({ rule: z.string(), directive_id: z.string() }),
  });
  expect(rows).toEqual([
    { rule: "daily-spend-above-target", directive_id: directory.directives.all()[0]?.directive.id },
  ]);
});
