import { afterEach, expect, it } from "vitest";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { answerWith, fail, startScriptedProvider } from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const NANO_PER_USD = 1_000_000_000;
const SLOW_MS = 120_000;
const RUNS = 300;
const AT_ONCE = 50;

let gateway: TestGateway;
afterEach(() => gateway.close());

const ask = async (user: string) => {
  const answer = await gateway.post(
    { model: "auto", max_tokens: 60, messages: [{ role: "user", content: "hello" }] },
    { "x-vigor-user": user, "x-vigor-feature": "chat" },
  );
  await answer.text();
  return { status: answer.status, provider: answer.headers.get("x-vigor-provider") };
};

/** All at the same time, so that a bound which is only looked at now and then would be passed. */
async function burst(): Promise<{ readonly status: number; readonly provider: string | null }[]> {
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  const worker = async (_: unknown, at: number) => {
    for (let run = 0; run < RUNS / AT_ONCE; run += 1) answers.push(await ask(`user-${at}`));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

const costOf = (events: readonly RequestEvent[]): number => events.reduce((sum, { cost }) => sum + cost, 0);
const isExplored = ({ propensity }: RequestEvent): boolean => propensity > 0 && propensity < 0.5;

/** A gateway under weights that send a part elsewhere, for so many dollars a day. */
async function exploring(weights: Record<string, number>, explorationDailyUsd: number): Promise<void> {
  gateway = await startTestGateway();
  await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => gateway.setTier(`user-${at}`, "premium")));
  await gateway.direct(
    {
      kind: "weights",
      params: { tier: "premium", feature: "chat", weights, remainder: "order", explorationDailyUsd },
    },
    600_000,
  );
  await waitFor("the weights", async () => {
    await ask("user-0");
    return (await gateway.events()).at(-1)?.controls_version.includes("+") === true;
  });
}

it("a burst of any size costs no more for trying providers than a day may, and is answered all the same", {
  timeout: SLOW_MS,
}, async () => {
  await exploring({ cheap: 0.4 }, 1);
  await burst();
  const free = (await gateway.events()).filter(isExplored);
  expect(free.length).toBeGreaterThan(RUNS / 10);
  await gateway.close();

  // Enough for some of them.
  const boundUsd = costOf(free) / NANO_PER_USD / 5;
  await exploring({ cheap: 0.4 }, boundUsd);
  const answers = await burst();
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const explored = (await gateway.events()).filter(isExplored);
  expect(explored.length).toBeGreaterThan(0);
  expect(costOf(explored)).toBeLessThanOrEqual(boundUsd * NANO_PER_USD);
});

it("who may not be tried any more leaves the request to the leader, not to the order that it has replaced", {
  timeout: SLOW_MS,
}, async () => {
  await exploring({ cheap: 0.9, good: 0.1 }, 0);
  const answers = await burst();
  expect(new Set(answers.map(({ status, provider }) => `${status} ${provider}`))).toEqual(
    new Set(["200 cheap"]),
  );
  const events = await gateway.events();
  expect(events.filter(isExplored)).toEqual([]);
  // How likely those were that have come there by this way is not known, and nothing is learned of them.
  expect(events.some(({ propensity, provider }) => provider === "cheap" && propensity === 0)).toBe(true);
});

it("who may not be tried any more in order to learn still answers where the leader fails", async () => {
  const providers = await startScriptedProvider();
  const tier = { dailyRequests: -1, weeklyBudget: 100, monthlyBudget: 100, maxOutputTokens: 100 };
  const provider = { adapter: "openai", model: "m", price: { inputPerMillion: 1, outputPerMillion: 2 } };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...tier, allowedProviders: ["leader", "other"] } },
      providers: {
        leader: { ...provider, baseUrl: providers.urlOf("leader") },
        other: { ...provider, baseUrl: providers.urlOf("other") },
      },
      routing: { fallbackProvider: "other" },
    }),
    // The leader is called each time.
    limits: { breakerMinCalls: 1_000 },
  });
  providers.play("leader", fail(500));
  providers.play("other", answerWith("there"));
  const params = { tier: "free", feature: "chat", weights: { other: 0.49 }, remainder: "order" } as const;
  await gateway.direct({ kind: "weights", params: { ...params, explorationDailyUsd: 0 } }, 600_000);
  await waitFor("the weights", async () => {
    await ask("ada");
    return (await gateway.events()).at(-1)?.controls_version.includes("+") === true;
  });
  const answers = [];
  for (let run = 0; run < 16; run += 1) answers.push(await ask("ada"));
  expect(new Set(answers.map((one) => `${one.status} ${one.provider}`))).toEqual(new Set(["200 other"]));
  expect((await gateway.events()).filter(isExplored)).toEqual([]);
  expect(providers.calls("leader")).toBeGreaterThanOrEqual(16);
  await providers.close();
});
