import http from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoFromUsd } from "../../models/domain/money.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { lifetimeSpendKey } from "../../models/policy/charges.ts";
import { providerBill } from "../support/provider-bill.ts";
import { catalogDocument, testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

/** A few calls' worth each, so that they are reached in most runs. */
const WEEKLY_USD = 0.004;
/** More than most runs together cost; what is left of it is used up at the end. */
const GLOBAL_DAILY_USD = 0.1;
const RUNS = 60;
const REQUESTS_OF_RUN = 8;
const PROVIDERS = ["openai", "compatible", "gemini", "perplexity"] as const;

let gateway: TestGateway;
beforeAll(async () => {
  const provider = (adapter: string) => ({
    ...{ adapter, baseUrl: "https://provider.invalid/v1", model: "some-model", apiKeyEnv: "NO_SUCH_KEY" },
    ...{ timeoutSeconds: 1, price: { inputPerMillion: 1, outputPerMillion: 4 } },
  });
  const tier = {
    dailyRequests: -1,
    weeklyBudget: WEEKLY_USD,
    monthlyBudget: 1,
    maxOutputTokens: 300,
    monthlyPrice: 10,
  };
  gateway = await startTestGateway({
    catalog: testCatalog({
      ...catalogDocument(),
      tiers: { free: { ...tier, allowedProviders: PROVIDERS } },
      providers: {
        openai: {
          ...provider("openai"),
          hedgeAfterMs: 40,
        },
        compatible: provider("openai-compatible"),
        gemini: provider("gemini"),
        perplexity: provider("perplexity"),
      },
      routing: { fallbackProvider: "gemini" },
      safeguards: { dailyBudget: GLOBAL_DAILY_USD, weeklyBudget: 1 },
    }),
    // Every mishap is to reach its provider, however many there were before.
    limits: { drainMs: 300, breakerMinCalls: Number.POSITIVE_INFINITY },
  });
});
afterAll(() => gateway.close());

const request = fc.record({
  model: fc.constantFrom("auto", ...PROVIDERS),
  endpoint: fc.constantFrom("chat/completions", "responses"),
  stream: fc.boolean(),
  /** Some beyond a thousand tokens, which providers cache. */
  text: fc.string({ minLength: 1, maxLength: 40 }).chain((text) => fc.constantFrom(text, text.repeat(60))),
  choices: fc.constantFrom(1, 1, 2),
  maxTokens: fc.option(fc.integer({ min: 1, max: 2_000 }), { nil: undefined }),
  error: fc.option(
    fc.constantFrom("500", "429", "400", "reset", "cut", "stall", "broken-json", "no-usage", "html"),
    {
      nil: undefined,
      freq: 2,
    },
  ),
  outputTokens: fc.integer({ min: 0, max: 600 }),
  reasoningTokens: fc.integer({ min: 0, max: 300 }),
  cacheWriteTokens: fc.constantFrom(0, 0, 20, 500),
  goesOn: fc.boolean(),
  latencyMs: fc.constantFrom(0, 0, 30, 120),
  /** When its client goes away; undefined: never. */
  leavesAfterMs: fc.option(fc.constantFrom(0, 5, 40, 90), { nil: undefined, freq: 3 }),
});
type Asked = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

it("for random bodies, adapters, mishaps and clients that leave, no provider's meter passes a limit, and the books are never below it", async () => {
  let run = 0;
  let exact = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: REQUESTS_OF_RUN }), async (asked) => {
      run += 1;
      const user = `user-${run}`;
      const before = { bill: bill(), books: await booked() };
      await Promise.all(asked.map((each) => ask(each, user)));
      const events = await everythingOver(user, asked.length);
      const [metered, recorded] = [bill() - before.bill, (await booked()) - before.books];
      expect(metered).toBeLessThanOrEqual(nanoFromUsd(WEEKLY_USD));
      expect(recorded).toBeGreaterThanOrEqual(metered);
      expect(bill()).toBeLessThanOrEqual(nanoFromUsd(GLOBAL_DAILY_USD));
      expect(events.reduce((sum, { cost }) => sum + cost, 0)).toBe(recorded);
      if (asked.every(({ error }) => error === undefined) && events.every(isReported)) {
        expect(recorded).toBe(metered);
        exact += 1;
      }
    }),
    { numRuns: RUNS },
  );
  // It has tried what it says.
  expect(exact).toBeGreaterThan(0);
  const events = await gateway.events();
  expect(new Set(events.map(({ outcome }) => outcome))).toEqual(
    new Set(["ok", "denied", "failed", "aborted"]),
  );
  expect(events.some(({ route_reason }) => route_reason.startsWith("fallback:"))).toBe(true);
  expect(events.some(({ attempts }) => attempts.length > 1)).toBe(true);
  expect(events.some(({ denial_reason }) => denial_reason === "weekly_budget_exceeded")).toBe(true);
  for (const name of PROVIDERS) expect(gateway.provider.books()[name]?.answered ?? 0).toBeGreaterThan(0);
  await useUpTheDay();
  expect(bill()).toBeLessThanOrEqual(nanoFromUsd(GLOBAL_DAILY_USD));
  expect(await booked()).toBeLessThanOrEqual(nanoFromUsd(GLOBAL_DAILY_USD));
}, 180_000);

/** Ever new users ask for much at once, until the limit of everybody holds. */
async function useUpTheDay(): Promise<void> {
  const much: Asked = {
    ...{ model: "compatible", endpoint: "chat/completions", stream: false, text: "much", choices: 1 },
    ...{
      maxTokens: undefined,
      error: undefined,
      outputTokens: 600,
      reasoningTokens: 300,
      cacheWriteTokens: 0,
    },
    ...{ goesOn: false, latencyMs: 0, leavesAfterMs: undefined },
  };
  let users = 0;
  await waitFor(
    "the limit of everybody",
    async () => {
      users += 1;
      await Promise.all(Array.from({ length: REQUESTS_OF_RUN }, (_, at) => ask(much, `late-${users}-${at}`)));
      const reasons = (await gateway.events()).map(({ denial_reason }) => denial_reason);
      return reasons.some((reason) => ["global_daily_budget_exceeded", "spending_stopped"].includes(reason));
    },
    30_000,
  );
}

function bill(): number {
  return providerBill(gateway.provider.books(), gateway.running.gateway.controls.current().catalog);
}

async function booked(): Promise<number> {
  const [total] = await gateway.usage.read([lifetimeSpendKey()]);
  return total?.used ?? 0;
}

/** Each of its calls was answered to the end, or refused, so that its provider has said what it costs. */
function isReported({ outcome, attempts }: RequestEvent): boolean {
  if (outcome === "denied") return true;
  return (
    outcome === "ok" &&
    attempts.every((attempt) => attempt.outcome === "ok" || attempt.outcome === "rejected")
  );
}

/** The user's events, when each request has one, no call is under way, and nothing is reserved any more. */
function everythingOver(user: string, requests: number): Promise<RequestEvent[]> {
  return waitFor(
    "the end of every call",
    async () => {
      const [total] = await gateway.usage.read([lifetimeSpendKey()]);
      const inFlight = Object.values(gateway.provider.books()).reduce(
        (sum, books) => sum + books.inFlight,
        0,
      );
      if (total?.reserved !== 0 || inFlight > 0) return false;
      const events = (await gateway.events()).filter(({ user_id }) => user_id === user);
      return events.length === requests && events;
    },
    20_000,
  );
}

function ask(asked: Asked, user: string): Promise<void> {
  const { endpoint, model, stream, text, choices, maxTokens, leavesAfterMs } = asked;
  const metadata = {
    simulate_output_tokens: String(asked.outputTokens),
    simulate_reasoning_tokens: String(Math.min(asked.reasoningTokens, asked.outputTokens)),
    simulate_cache_write_tokens: String(asked.cacheWriteTokens),
    simulate_latency_ms: String(asked.latencyMs),
    simulate_goes_on: String(asked.goesOn),
    ...(asked.error === undefined ? {} : { simulate_error: asked.error }),
  };
  const body =
    endpoint === "responses"
      ? { model, input: text, stream, metadata, max_output_tokens: maxTokens }
      : {
          model,
          messages: [{ role: "user", content: text }],
          stream,
          metadata,
          n: choices,
          max_tokens: maxTokens,
        };
  return new Promise((done) => {
    const sent = http.request(
      `${gateway.url}/v1/${endpoint}`,
      {
        method: "POST",
        agent: false,
        headers: {
          authorization: `Bearer ${gateway.key}`,
          "x-vigor-user": user,
          "content-type": "application/json",
        },
      },
      (response) => response.resume(),
    );
    // It has left, or its stream was cut; `close` follows.
    sent.on("error", () => undefined);
    sent.on("close", done);
    // Whoever leaves has sent all of the request, so that it comes.
    sent.end(JSON.stringify(body), () => {
      if (leavesAfterMs !== undefined) setTimeout(() => sent.destroy(), leavesAfterMs);
    });
  });
}
