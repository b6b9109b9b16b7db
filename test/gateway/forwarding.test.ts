import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerWith,
  type ReceivedCall,
  type ScriptedProvider,
  startScriptedProvider,
} from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const INPUT_PRICE = 1;
const OUTPUT_PRICE = 4;
const WEEK_USD = 0.5;

let provider: ScriptedProvider;
let gateway: TestGateway;
beforeAll(async () => {
  provider = await startScriptedProvider();
  const entry = (name: string, more: Record<string, unknown> = {}) => ({
    adapter: name,
    baseUrl: provider.urlOf(name),
    model: "some-model",
    price: {
      inputPerMillion: INPUT_PRICE,
      cacheWritePerMillion: INPUT_PRICE,
      cacheWriteHourPerMillion: INPUT_PRICE,
      outputPerMillion: OUTPUT_PRICE,
    },
    ...more,
  });
  const extraParameters = { top_k: { perRequest: 0 }, search: { perRequest: 0.02, inputTokens: 10_000 } };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: {
        free: {
          dailyRequests: -1,
          weeklyBudget: WEEK_USD,
          monthlyBudget: 20,
          maxOutputTokens: 100,
          allowedProviders: ["openai", "openai-compatible", "gemini", "perplexity"],
        },
      },
      providers: {
        openai: entry("openai"),
        "openai-compatible": entry("openai-compatible", { extraParameters }),
        gemini: entry("gemini"),
        perplexity: entry("perplexity"),
      },
      routing: { fallbackProvider: "openai" },
    }),
    limits: { breakerMinCalls: Number.POSITIVE_INFINITY },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const chat = { model: "openai", messages: [{ role: "user", content: "Hi" }] };
const response = { model: "openai", input: "Hi" };
const user = (content: unknown) => ({ ...chat, messages: [{ role: "user", content }] });

/** Fields of providers, each of which changes a price or refers to what is not in the request. */
const ATTACKS: readonly (readonly [param: string, path: "chat/completions" | "responses", body: object])[] = [
  ...[
    { search_parameters: { mode: "on" } },
    { web_search: true },
    { web_search_options: { search_context_size: "high" } },
    { thinking: { type: "enabled", budget_tokens: 100_000 } },
    { audio: { voice: "alloy", format: "wav" } },
    { prediction: { type: "content", content: "x" } },
    { plugins: [{ id: "web" }] },
    { models: ["dear-model"] },
    { extra_body: { google: { cached_content: "x" } } },
    { provider: { order: ["dear"] } },
    { search_mode: "academic" },
    { return_images: true },
    { generationConfig: { maxOutputTokens: 1_000_000 } },
    { cachedContent: "cachedContents/1" },
    { safetySettings: [] },
    { turbo: true },
  ].map((more) => [Object.keys(more)[0] ?? "", "chat/completions", { ...chat, ...more }] as const),
  ...[
    { previous_response_id: "resp_1" },
    { conversation: "conv_1" },
    { prompt: { id: "pmpt_1" } },
    { background: true },
    { context_management: [{ type: "compaction" }] },
  ].map((more) => [Object.keys(more)[0] ?? "", "responses", { ...response, ...more }] as const),
  ["service_tier", "chat/completions", { ...chat, service_tier: "priority" }],
  ["service_tier", "responses", { ...response, service_tier: "scale" }],
  ["modalities", "chat/completions", { ...chat, modalities: ["text", "audio"] }],
  ["n", "chat/completions", { ...chat, n: 17 }],
  ["n", "chat/completions", { ...chat, n: 1.5 }],
  ["max_tokens", "chat/completions", { ...chat, max_tokens: "100" }],
  ["tools.0.type", "chat/completions", { ...chat, tools: [{ type: "web_search_preview" }] }],
  ["tools.0.type", "responses", { ...response, tools: [{ type: "code_interpreter", container: "c" }] }],
  ["tools.0.type", "responses", { ...response, tools: [{ type: "mcp", server_url: "https://a.example" }] }],
  [
    "tools.0.google_search",
    "chat/completions",
    { ...chat, tools: [{ google_search: {}, type: "function", function: { name: "f" } }] },
  ],
  ["messages.0.content.0.type", "chat/completions", user([{ type: "file", file: { file_id: "f" } }])],
  [
    "messages.0.content.0.type",
    "chat/completions",
    user([{ type: "input_audio", input_audio: { data: "A" } }]),
  ],
  [
    "messages.0.content.0.type",
    "chat/completions",
    user([{ type: "video_url", video_url: { url: "https://a/b" } }]),
  ],
  [
    "messages.0.content.0.image_url.url",
    "chat/completions",
    user([{ type: "image_url", image_url: { url: "data:application/pdf;base64,AA" } }]),
  ],
  [
    "messages.0.content.0.cache_control",
    "chat/completions",
    user([{ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } }]),
  ],
  [
    "messages.0.audio",
    "chat/completions",
    { ...chat, messages: [{ role: "assistant", audio: { id: "a" } }] },
  ],
  ["response_format.type", "chat/completions", { ...chat, response_format: { type: "grammar" } }],
  ["input.0.role", "responses", { ...response, input: Array.from({ length: 15 }, () => ({ id: "msg_1" })) }],
  ["input.0.type", "responses", { ...response, input: [{ type: "item_reference", id: "msg_1" }] }],
  ["input.0.type", "responses", { ...response, input: [{ type: "compaction", encrypted_content: "x" }] }],
  [
    "input.0.content.0.type",
    "responses",
    { ...response, input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
  ],
  [
    "input.0.content.0.file_id",
    "responses",
    {
      ...response,
      input: [
        { role: "user", content: [{ type: "input_image", image_url: "https://a/b.png", file_id: "f" }] },
      ],
    },
  ],
  ["include.0", "responses", { ...response, include: ["web_search_call.results"] }],
  ["tool_choice.type", "responses", { ...response, tool_choice: { type: "web_search" } }],
];

describe("a parameter whose cost is not known", () => {
  it.each(ATTACKS)(
    "%s of %s is refused by name, before any provider hears of it: %j",
    async (param, path, body) => {
      const before = callsOfAll();
      const { status, answer } = await ask("mallory", path, body);
      expect(status).toBe(400);
      expect(answer).toMatchObject({
        error: { code: expect.stringMatching(/^(unsupported_parameter|invalid_request)$/), param },
      });
      expect(callsOfAll()).toBe(before);
    },
  );

  it("is told what to do about it", async () => {
    const { answer } = await ask("mallory", "chat/completions", { ...chat, search_parameters: {} });
    expect(answer).toMatchObject({
      error: {
        code: "unsupported_parameter",
        message: expect.stringMatching(/fee.*leave it out.*extraParameters/),
      },
    });
  });

  it("and is null or false is the same as none", async () => {
    const asked = { ...chat, audio: null, web_search_options: null, background: false, prediction: null };
    expect((await ask("nobody", "chat/completions", asked)).status).toBe(200);
    expect(lastOf("openai")).toEqual({
      model: "some-model",
      messages: chat.messages,
      max_completion_tokens: 100,
      service_tier: "default",
      store: false,
    });
  });
});

describe("a conversation that is sent back as it came", () => {
  it("goes on without ids, reasoning and what clients add, so that nothing stored is looked up", async () => {
    const input = [
      { role: "user", content: "Weather?" },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" },
      { type: "function_call", id: "fc_1", call_id: "a", name: "f", arguments: "{}", status: "completed" },
      { type: "function_call_output", call_id: "a", output: "sunny" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Sunny.", annotations: [], logprobs: [] }],
      },
    ];
    const asked = { ...response, input, store: true, include: ["reasoning.encrypted_content"] };
    expect((await ask("ada", "responses", asked)).status).toBe(200);
    expect(lastOf("openai")).toEqual({
      model: "some-model",
      input: [
        { role: "user", content: "Weather?" },
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "sunny" },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Sunny." }] },
      ],
      include: ["reasoning.encrypted_content"],
      max_output_tokens: 100,
      service_tier: "default",
      store: false,
    });
  });

  it("keeps a model's thoughts for servers that need them back, and for nobody else", async () => {
    const answered = {
      role: "assistant",
      content: "Hi",
      refusal: null,
      annotations: [],
      reasoning_content: "Hm.",
    };
    const messages = [...chat.messages, answered, { role: "user", content: "And?" }];
    for (const model of ["openai", "openai-compatible", "perplexity"])
      expect((await ask("ada", "chat/completions", { model, messages })).status).toBe(200);
    expect(lastOf("openai-compatible")).toMatchObject({ messages: [{}, { reasoning_content: "Hm." }, {}] });
    for (const name of ["openai", "perplexity"])
      expect(lastOf(name)).toMatchObject({
        messages: [{}, { role: "assistant", content: "Hi", refusal: null }, {}],
      });
    expect(JSON.stringify(lastOf("openai"))).not.toContain("Hm.");
  });
});

describe("a parameter that the catalog allows at a provider", () => {
  const ask20 = { ...chat, model: "openai-compatible" };

  it("is sent to it as it comes, and to no other", async () => {
    const search = { depth: [1, { x: null }] };
    expect((await ask("eve", "chat/completions", { ...ask20, top_k: 20, search })).status).toBe(200);
    expect(lastOf("openai-compatible")).toEqual({
      ...chat,
      model: "some-model",
      top_k: 20,
      search,
      max_tokens: 100,
    });
    const refused = await ask("eve", "chat/completions", { ...chat, search });
    expect(refused).toMatchObject({ status: 400, answer: { error: { code: "provider_rejected" } } });
    // Routed by the gateway, it goes to who takes it.
    const routed = await ask("eve", "chat/completions", { ...chat, model: "auto", search });
    expect(routed).toMatchObject({ status: 200, provider: "openai-compatible" });
  });

  it("costs its fee, which is in the bill, and its tokens, which are in the bound", async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 10 };
    provider.play("openai-compatible", answerWith("hello", usage));
    await ask("fay", "chat/completions", { ...ask20, search: {} });
    await ask("fay", "chat/completions", ask20);
    const costs = (await gateway.events()).filter(({ user_id }) => user_id === "fay").map(({ cost }) => cost);
    const tokens = 100 * 1_000 * INPUT_PRICE + 10 * 1_000 * OUTPUT_PRICE;
    expect(costs).toEqual([tokens + 20_000_000, tokens]);
    // A provider that says nothing of its usage is billed at the bound, which holds the tokens that a search may find.
    provider.play("openai-compatible", answerWith("hello", null));
    await ask("gus", "chat/completions", { ...ask20, search: {} });
    await ask("gus", "chat/completions", ask20);
    const [more = 0, less = 0] = (await gateway.events())
      .filter(({ user_id }) => user_id === "gus")
      .map(({ cost }) => cost);
    const bytes = ',"search":{}'.length;
    expect(more - less).toBe(20_000_000 + (10_000 + bytes) * 1_000 * INPUT_PRICE);
  });
});

describe("a provider that counts every byte as a token and answers to the limit", () => {
  it("never charges more than a user's budget, whatever the bodies are written like", async () => {
    const meters = new Map<string, number>();
    for (const name of ["openai", "openai-compatible", "perplexity"]) {
      provider.play(name, (given, request) => {
        const body = provider.received(name).at(-1)?.body.length ?? 0;
        meters.set(name, (meters.get(name) ?? 0) + body * INPUT_PRICE * 1_000 + 100 * OUTPUT_PRICE * 1_000);
        answerWith("hello", { prompt_tokens: body, completion_tokens: 100 })(given, request);
      });
    }
    const numbers = `[${Array.from({ length: 2_000 }, () => "1e20").join(",")}]`;
    const withNumbers = (model: string) =>
      Buffer.from(
        `{"model":"${model}","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"enum":${numbers}}}}]}`,
      );
    const twice = (model: string) =>
      Buffer.from(
        `{"model":"${model}","max_tokens":1,"max_tokens":90,"messages":[{"role":"user","content":"x"}]}`,
      );
    const statuses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const asks = ["openai", "openai-compatible", "perplexity"].flatMap((model) =>
        [withNumbers(model), withNumbers(model), twice(model)].map((body) =>
          ask("max", "chat/completions", body),
        ),
      );
      for (const { status } of await Promise.all(asks)) statuses.push(status);
    }
    const charged = [...meters.values()].reduce((sum, each) => sum + each, 0);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(charged).toBeLessThanOrEqual(WEEK_USD * 1e9);
    const events = (await gateway.events()).filter(({ user_id }) => user_id === "max");
    expect(events.reduce((sum, { cost }) => sum + cost, 0)).toBe(charged);
  });
});

function callsOfAll(): number {
  return ["openai", "openai-compatible", "gemini", "perplexity"].reduce(
    (sum, name) => sum + provider.calls(name),
    0,
  );
}

function lastOf(name: string): unknown {
  const last: ReceivedCall | undefined = provider.received(name).at(-1);
  return last === undefined ? undefined : JSON.parse(last.body.toString("utf8"));
}

async function ask(user: string, path: string, body: object | Buffer) {
  const answered = await fetch(`${gateway.url}/v1/${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": user,
    },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
  });
  const answer: unknown = await answered.json();
  return { status: answered.status, answer, provider: answered.headers.get("x-vigor-provider") };
}
