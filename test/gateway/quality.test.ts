import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const ADAPTERS = ["openai", "openai-compatible", "gemini", "perplexity"] as const;
type Endpoint = "chat/completions" | "responses";
const CASES = ADAPTERS.flatMap((adapter) =>
  (["chat/completions", "responses"] as const).flatMap((endpoint) =>
    [false, true].map((stream) => ({ adapter, endpoint, stream })),
  ),
);

const GOOD = { cut_off: false, empty: false, refused: false, filtered: false, invalid_json: false };
const MINUTE_MS = 60_000;

let nowMs = Date.UTC(2026, 10, 24, 12);
let gateway: TestGateway;
beforeAll(async () => {
  const provider = (adapter: string) => ({
    adapter,
    baseUrl: "https://provider.invalid/v1",
    model: "some-model",
    apiKeyEnv: "NO_SUCH_KEY",
    price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
  });
  const tier = { dailyRequests: -1, weeklyBudget: 50, monthlyBudget: 200, maxOutputTokens: 200 };
  gateway = await startTestGateway({
    now: () => nowMs,
    catalog: testCatalog({
      tiers: { free: { ...tier, allowedProviders: [...ADAPTERS] } },
      providers: Object.fromEntries(ADAPTERS.map((adapter) => [adapter, provider(adapter)])),
      routing: { fallbackProvider: "gemini" },
      features: { plan: { cache: { minutes: 60, scope: "user" } } },
    }),
  });
});
afterAll(() => gateway.close());

describe.each(CASES)("$adapter, $endpoint, stream: $stream", ({ adapter, endpoint, stream }) => {
  const eventOf = async (how: Asked): Promise<RequestEvent | undefined> => {
    const response = await ask(endpoint, { model: adapter, stream, ...how });
    await response.text();
    const id = response.headers.get("x-vigor-request-id");
    return (await gateway.events()).find(({ request_id }) => request_id === id);
  };

  it("a good answer shows nothing", async () => {
    expect(await eventOf({})).toMatchObject({ outcome: "ok", ...GOOD });
  });

  it("an answer that stops at the limit is cut off", async () => {
    const event = await eventOf({ metadata: { simulate_output_tokens: "300" } });
    expect(event).toMatchObject({ outcome: "ok", ...GOOD, cut_off: true });
  });

  it.each([
    ["empty", { empty: true }],
    ["refusal", { refused: true, filtered: adapter === "gemini" }],
    ["filtered", { filtered: true }],
  ] as const)("an answer that is made %s says so", async (simulate_answer, shown) => {
    const event = await eventOf({ metadata: { simulate_answer } });
    expect(event).toMatchObject({ outcome: "ok", ...GOOD, ...shown });
  });

  it("JSON that was asked for is looked at, and nothing else is", async () => {
    const half = { simulate_answer: "invalid-json" };
    expect(await eventOf({ json: true })).toMatchObject(GOOD);
    expect(await eventOf({ json: true, metadata: half })).toMatchObject({ ...GOOD, invalid_json: true });
    expect(await eventOf({ metadata: half })).toMatchObject(GOOD);
  });
});

it.each([false, true])("one of several answers is enough, stream: %s", async (stream) => {
  const metadata = { simulate_output_tokens: "300" };
  const response = await ask("chat/completions", { model: "openai", stream, metadata, n: 3 });
  await response.text();
  const [event] = (await gateway.events()).slice(-1);
  expect(event).toMatchObject({ outcome: "ok", ...GOOD, cut_off: true });
});

it.each([false, true])("a call of a tool is an answer, stream: %s", async (stream) => {
  const tools = [{ type: "function", function: { name: "plan", parameters: { type: "object" } } }];
  const body = { model: "openai", stream, tools, tool_choice: "required" };
  await (await ask("chat/completions", body)).text();
  const [event] = (await gateway.events()).slice(-1);
  expect(event).toMatchObject({ outcome: "ok", ...GOOD });
});

describe("who asks the same again within a minute", () => {
  const again = async (user: string, how: Asked = {}): Promise<RequestEvent | undefined> => {
    await (
      await ask("chat/completions", { model: "auto", content: "And what do I eat?", user, ...how })
    ).text();
    return (await gateway.events()).at(-1);
  };

  it("says so of the provider that answered first, and nobody else does", async () => {
    expect(await again("ada")).toMatchObject({ outcome: "ok", asked_again_of: "" });
    nowMs += MINUTE_MS - 1;
    expect(await again("ada")).toMatchObject({ outcome: "ok", asked_again_of: "openai" });
    expect(await again("bob")).toMatchObject({ asked_again_of: "" });
    expect(await again("ada", { content: "And what do I drink?" })).toMatchObject({ asked_again_of: "" });
  });

  it("is not who asks later, or after an error", async () => {
    expect(await again("cem")).toMatchObject({ asked_again_of: "" });
    nowMs += MINUTE_MS;
    expect(await again("cem")).toMatchObject({ asked_again_of: "" });
    const metadata = { simulate_error: "400" };
    expect(await again("dan", { metadata })).toMatchObject({ outcome: "failed" });
    expect(await again("dan", { metadata })).toMatchObject({ asked_again_of: "" });
  });
});

it("a cached answer tells how many milliseconds sooner it came than when it was made", async () => {
  const body = { model: "auto", feature: "plan", user: "eve", metadata: { simulate_latency_ms: "300" } };
  for (const stream of [false, true]) {
    await (await ask("chat/completions", { ...body, stream })).text();
    await (await ask("chat/completions", { ...body, stream })).text();
    const [made, hit] = (await gateway.events()).slice(-2);
    expect([made?.outcome, made?.cache_saved_ms]).toEqual(["ok", 0]);
    expect(hit?.outcome).toBe("cached");
    // The event of what was made counts on until its last byte is handed over.
    expect(hit?.cache_saved_ms).toBeLessThanOrEqual(made?.latency_ms ?? 0);
    expect(hit?.cache_saved_ms).toBeGreaterThan((made?.provider_ms ?? 0) - (hit?.latency_ms ?? 0) - 5);
    expect(hit).toMatchObject(GOOD);
  }
});

interface Asked {
  readonly user?: string;
  readonly content?: string;
  readonly feature?: string;
  readonly json?: boolean;
  readonly metadata?: Record<string, string>;
  readonly [field: string]: unknown;
}

let questions = 0;

function ask(
  endpoint: Endpoint,
  { user = "zoe", content, feature, json, metadata, ...rest }: Asked,
): Promise<Response> {
  questions += 1;
  const text = content ?? (feature === undefined ? `Question ${questions}` : "Plan my week.");
  const schema = { type: "object", properties: { steps: { type: "array" } }, required: ["steps"] };
  const format = { type: "json_schema", name: "plan", schema };
  const inChat = { type: "json_schema", json_schema: { name: "plan", schema } };
  const body =
    endpoint === "responses"
      ? { input: text, ...(json === true && { text: { format } }) }
      : { messages: [{ role: "user", content: text }], ...(json === true && { response_format: inChat }) };
  return fetch(`${gateway.url}/v1/${endpoint}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": user,
      ...(feature !== undefined && { "x-vigor-feature": feature }),
    },
    body: JSON.stringify({ ...body, metadata: { simulate_output_tokens: "50", ...metadata }, ...rest }),
  });
}
