import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const TIER_LIMIT = 200;
/** Where each adapter's provider reads its limit: by the providers' own references. */
const OBEYED = {
  openai: { chat: "max_completion_tokens", responses: "max_output_tokens" },
  "openai-compatible": { chat: "max_tokens", responses: "max_tokens" },
  newer: { chat: "max_completion_tokens", responses: "max_completion_tokens" },
  perplexity: { chat: "max_tokens", responses: "max_tokens" },
  gemini: { chat: "generationConfig.maxOutputTokens", responses: "generationConfig.maxOutputTokens" },
} as const;
const ANY_LIMIT = /^(max_tokens|max_completion_tokens|max_output_tokens|maxOutputTokens)$/;

let provider: ScriptedProvider;
let gateway: TestGateway;
beforeAll(async () => {
  provider = await startScriptedProvider();
  const names = Object.keys(OBEYED);
  const entry = (name: string) => ({
    adapter: name === "newer" ? "openai-compatible" : name,
    ...(name === "newer" ? { outputLimitParameter: "max_completion_tokens" } : {}),
    baseUrl: provider.urlOf(name),
    model: "some-model",
    price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
  });
  const limits = { dailyRequests: -1, weeklyBudget: 5, monthlyBudget: 20, maxOutputTokens: TIER_LIMIT };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...limits, allowedProviders: names } },
      providers: Object.fromEntries(names.map((name) => [name, entry(name)])),
      routing: { fallbackProvider: "openai" },
    }),
    limits: { breakerMinCalls: Number.POSITIVE_INFINITY },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const ENDPOINTS = {
  chat: {
    path: "chat/completions",
    prompt: { messages: [{ role: "user", content: "Hi" }] },
    fields: ["max_tokens", "max_completion_tokens"],
  },
  responses: { path: "responses", prompt: { input: "Hi" }, fields: ["max_output_tokens"] },
} as const;

describe("the output limit that a provider gets", () => {
  it.each(
    Object.entries(OBEYED).flatMap(([name, obeyed]) =>
      Object.entries(obeyed).map(([endpoint, field]) => [endpoint, name, field] as const),
    ),
  )("of %s at %s is in %s and nowhere else, whatever field the app used", async (endpoint, name, field) => {
    const { path, prompt, fields } = endpoint === "chat" ? ENDPOINTS.chat : ENDPOINTS.responses;
    const asks: Record<string, number>[] = [
      {},
      ...fields.flatMap((each) => [{ [each]: 50 }, { [each]: 9_000 }]),
      ...(endpoint === "chat" ? [{ max_tokens: 9_000, max_completion_tokens: 30 }] : []),
    ];
    for (const stream of [false, true]) {
      for (const limits of asks) {
        const before = provider.calls(name);
        await ask(path, { model: name, stream, ...prompt, ...limits });
        const sent = provider.received(name)[before];
        const lowest = Math.min(TIER_LIMIT, ...Object.values(limits));
        expect(limitsIn(JSON.parse(sent?.body.toString("utf8") ?? "null"))).toEqual({ [field]: lowest });
      }
    }
  });
});

async function ask(path: string, body: object): Promise<void> {
  const response = await fetch(`${gateway.url}/v1/${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": "ada",
    },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
}

/** Every limit in a body, by its path. */
function limitsIn(value: unknown, at = ""): Record<string, unknown> {
  const object = z.record(z.string(), z.unknown()).safeParse(value).data ?? {};
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, inner]) =>
      ANY_LIMIT.test(key) ? [[at + key, inner]] : Object.entries(limitsIn(inner, `${at}${key}.`)),
    ),
  );
}
