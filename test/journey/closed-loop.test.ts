import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { reconcile } from "../../pipeline/reconciliation.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestLoop, type TestLoop } from "./test-loop.ts";

const MINUTE_MS = 60_000;
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

let loop: TestLoop;

beforeAll(async () => {
  loop = await startTestLoop(catalog, now);
  await publishSettings(loop.deps, now());
  await loop.gateway.setTier("ada", "unlimited");
});

afterAll(() => loop.close());

async function providerOfNextAnswer(): Promise<{ provider: string | null; reason: string }> {
  const { response } = await loop.gateway.client("ada").chat.completions.create(ask).withResponse();
  const id = response.headers.get("x-vigor-request-id");
  const event = (await loop.gateway.events()).find(({ request_id }) => request_id === id);
  return { provider: response.headers.get("x-vigor-provider"), reason: event?.route_reason ?? "" };
}

it("spend above its target moves requests to a cheaper provider, and back when the directive ends", async () => {
  const decide = decideJob();
  expect(await providerOfNextAnswer()).toEqual({ provider: "best", reason: "tier-order" });
  await waitFor("the event in the warehouse", async () => (await reconcile(loop.deps)).agree);

  expect((await decide(loop.deps, now())).summary).toBe("issued 1 directives");
  const [record] = loop.directory.directives.all();
  const id = record?.directive.id ?? "";
  expect(record?.directive).toMatchObject({
    kind: "route",
    issuedBy: { type: "rule", name: "daily-spend-above-target" },
    reason: expect.stringContaining("daily_spend"),
    evidence: expect.any(String),
  });
  await waitFor("the directive at the gateway", () =>
    loop.gateway.running.gateway.controls.current().routes.some((route) => route.id === id),
  );
  expect(await providerOfNextAnswer()).toEqual({ provider: "cheap", reason: `directive:${id}` });

  // It rests although the condition still holds.
  expect((await decide(loop.deps, now())).summary).toBe("no directive was issued");

  skippedMs += 5 * MINUTE_MS + 1;
  expect(await providerOfNextAnswer()).toEqual({ provider: "best", reason: "tier-order" });
});

it("what the gateway settled, the log holds and the warehouse sums is the same, to the nano-dollar", async () => {
  const books = await waitFor("agreement", async () => {
    const found = await reconcile(loop.deps);
    return found.agree ? found : null;
  });
  const events = await loop.gateway.events();
  expect(books.warehouse.distinct).toBe(events.length);
  expect(books.warehouse.costNano).toBe(events.reduce((sum, { cost }) => sum + cost, 0));
  expect(books).toMatchObject({ deadLetters: 0, lag: 0, warehouse: { duplicates: 0 } });
});

it("the decision's record names the rule, its inputs and the directive", async () => {
  const rows = await loop.warehouse.query({
    sql: "SELECT rule, toString(directive_id) AS directive_id FROM decisions FINAL",
    row: z.object({ rule: z.string(), directive_id: z.string() }),
  });
  expect(rows).toEqual([
    { rule: "daily-spend-above-target", directive_id: loop.directory.directives.all()[0]?.directive.id },
  ]);
});
