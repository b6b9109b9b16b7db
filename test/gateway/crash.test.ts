import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { nanoFromUsd } from "../../models/domain/money.ts";
import { type GatewayProcess, openGatewayProcess } from "../support/gateway-process.ts";
import { providerBill } from "../support/provider-bill.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { waitFor } from "../support/wait-for.ts";

const ROUNDS = 20;
const PER_ROUND = 10;
/** Less than all rounds together ask for, so that the limit is met after some of the kills. */
const DAILY_REQUESTS = 150;
const tiers = {
  free: {
    dailyRequests: DAILY_REQUESTS,
    // About half of what all rounds together would cost.
    weeklyBudget: 0.004,
    monthlyBudget: 5,
    allowedProviders: ["cheap"],
    maxOutputTokens: 200,
  },
};

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await openGatewayProcess({ catalog: { tiers } });
});
afterAll(() => gateway.close());

it("kill -9 between reserve and settle, twenty times: no spend is lost, and the day's limit still holds", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await gateway.start();
    const calls = callsOfProvider();
    const asked = Array.from({ length: PER_ROUND }, (_, at) => ask(round * PER_ROUND + at));
    // In the middle: some calls are with the provider, some are over, none is settled for long.
    const enough = Math.min(PER_ROUND / 2, DAILY_REQUESTS - calls);
    await Promise.race([
      waitFor("calls in flight", () => callsOfProvider() - calls >= enough, 30_000),
      Promise.all(asked),
    ]);
    await gateway.kill();
    await Promise.all(asked);
  }
  await gateway.start();
  const usage = await waitFor("the end of what was left behind", async () => {
    const found = await usageOf();
    return found.scopes.month.reserved === 0 ? found : null;
  });
  const events = await gateway.events();
  const ids = new Set(events.map(({ request_id }) => request_id));
  expect(ids.size).toBe(events.length);
  const recorded = events.reduce((sum, { cost }) => sum + cost, 0);
  const metered = providerBill(gateway.provider.books(), testCatalog({ tiers, defaultTier: "free" }));
  expect(recorded).toBeGreaterThanOrEqual(metered);
  expect(metered).toBeGreaterThan(0);
  expect(recorded).toBeLessThanOrEqual(nanoFromUsd(tiers.free.weeklyBudget));
  expect(Math.round(usage.scopes.month.used * 1e9)).toBe(recorded);
  expect(events.filter(({ outcome }) => outcome === "orphaned").length).toBeGreaterThan(0);
  expect(callsOfProvider()).toBeLessThanOrEqual(DAILY_REQUESTS);
  expect(usage.scopes.day.used).toBeGreaterThanOrEqual(callsOfProvider());
  expect(usage.scopes.day.used).toBeLessThanOrEqual(DAILY_REQUESTS);
}, 240_000);

function callsOfProvider(): number {
  return gateway.provider.books().cheap?.calls ?? 0;
}

/** Whatever becomes of it: the gateway may be gone before it answers. */
async function ask(at: number): Promise<void> {
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.key}`,
        "x-vigor-user": "ada",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        model: "auto",
        stream: at % 2 === 0,
        messages: [{ role: "user", content: `request ${at}` }],
        metadata: {
          ...{
            simulate_output_tokens: "40",
            simulate_reasoning_tokens: "20",
            simulate_cache_write_tokens: "2",
          },
          simulate_latency_ms: String((at % 5) * 30),
          // Some providers make an answer to its end, and bill it, though nobody listens any more.
          simulate_goes_on: String(at % 3 === 0),
        },
      }),
    });
    await response.text();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

async function usageOf() {
  const response = await fetch(`${gateway.url}/v1/usage?user=ada`, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  });
  const scope = z.looseObject({ used: z.number(), reserved: z.number() });
  return z.looseObject({ scopes: z.looseObject({ day: scope, month: scope }) }).parse(await response.json());
}
