import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../models/domain/errors.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const HOUR_MS = 3_600_000;
/** A Tuesday noon: the day ends in twelve hours, the week and the month later. */
const NOON = Date.parse("2026-11-24T12:00:00Z");
/** What a client that cannot read `x-should-retry` is set up with, once. */
const FINAL_STATUS = { "x-vigor-denial-status": "402" };
const prompt = "hi";

/** Limits that no request fits into, one for each gateway. */
const tier = {
  dailyRequests: -1,
  weeklyBudget: 50,
  monthlyBudget: 50,
  maxOutputTokens: 100,
  allowedProviders: ["cheap"],
};
const DENIALS: readonly (readonly [ErrorCode, Record<string, unknown>])[] = [
  ["daily_requests_exceeded", { tiers: { free: { ...tier, dailyRequests: 0 } } }],
  ["weekly_budget_exceeded", { tiers: { free: { ...tier, weeklyBudget: 0 } } }],
  ["monthly_budget_exceeded", { tiers: { free: { ...tier, monthlyBudget: 0 } } }],
  [
    "global_daily_budget_exceeded",
    { tiers: { free: tier }, safeguards: { dailyBudget: 0.000001, weeklyBudget: 1000 } },
  ],
  [
    "global_weekly_budget_exceeded",
    { tiers: { free: tier }, safeguards: { dailyBudget: 200, weeklyBudget: 0.000001 } },
  ],
];

describe.each(DENIALS)("with its default retries, at %s,", (code, catalog) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ catalog: testCatalog(catalog), now: () => NOON });
  });
  afterAll(() => gateway.close());
  const settings = (user: string, headers: Record<string, string> = {}) => ({
    baseURL: `${gateway.url}/v1`,
    apiKey: gateway.key,
    headers: { "x-vigor-user": user, ...headers },
  });
  const requestsOf = async (user: string) =>
    (await gateway.events())
      .filter((event) => event.user_id === user)
      .map(({ denial_reason }) => denial_reason);

  it("the openai client raises at the first answer", async () => {
    const { headers, ...more } = settings("openai");
    const client = new OpenAI({ ...more, defaultHeaders: headers });
    const call = client.chat.completions.create({
      model: "auto",
      messages: [{ role: "user", content: prompt }],
    });
    await expect(call).rejects.toMatchObject({ status: 429, code });
    expect(await requestsOf("openai")).toEqual([code]);
  });

  it("the Vercel AI SDK raises at the first answer, where it asks for a status that it does not retry", async () => {
    const models = {
      responses: createOpenAI(settings("ai-responses", FINAL_STATUS))("auto"),
      chat: createOpenAI(settings("ai-chat", FINAL_STATUS)).chat("auto"),
      compatible: createOpenAICompatible({
        name: "vigor",
        ...settings("ai-compatible", FINAL_STATUS),
      }).chatModel("auto"),
    };
    for (const [name, model] of Object.entries(models)) {
      await expect(generateText({ model, prompt })).rejects.toMatchObject({
        name: "AI_APICallError",
        statusCode: 402,
      });
      expect(await requestsOf(`ai-${name}`)).toEqual([code]);
    }
  });

  it("LangChain raises at the first answer, where it asks for a status that it does not retry", async () => {
    const { apiKey, baseURL, headers } = settings("langchain", FINAL_STATUS);
    const chat = new ChatOpenAI({
      model: "auto",
      apiKey,
      configuration: { baseURL, defaultHeaders: headers },
    });
    await expect(chat.invoke(prompt)).rejects.toMatchObject({ status: 402, code });
    expect(await requestsOf("langchain")).toEqual([code]);
  });
});

describe("a denial", () => {
  let nowMs = NOON;
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ now: () => nowMs });
  });
  afterAll(() => gateway.close());
  const ask = (headers: Record<string, string> = {}) =>
    gateway.post(
      { model: "auto", messages: [{ role: "user", content: prompt }] },
      { "x-vigor-user": "ada", ...headers },
    );

  it("that ends within a minute stays one that clients try again, at 429", async () => {
    await gateway.direct({ kind: "rate-limit", params: { requestsPerMinute: 1, scope: "user" } }, HOUR_MS);
    await expect.poll(async () => (await ask(FINAL_STATUS)).status).toBe(429);
    const response = await ask(FINAL_STATUS);
    expect(response.status).toBe(429);
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it.each(["pause-non-premium", "emergency-budget"] as const)(
    "by %s says until when, and that nobody should wait for it",
    async (kind) => {
      nowMs += 2 * HOUR_MS;
      if (kind === "pause-non-premium") await gateway.direct({ kind, params: {} }, HOUR_MS);
      else await gateway.direct({ kind, params: { dailyUsd: 0 } }, HOUR_MS);
      await expect.poll(async () => (await ask()).headers.get("x-should-retry")).toBe("false");
      const response = await ask();
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(60);
      expect((await ask(FINAL_STATUS)).status).toBe(402);
      expect((await gateway.events()).at(-1)).toMatchObject({ outcome: "denied", http_status: 402 });
    },
  );
});
