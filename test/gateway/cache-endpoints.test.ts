import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let provider: ScriptedProvider;
let gateway: TestGateway;
beforeAll(async () => {
  provider = await startScriptedProvider();
  const entry = (name: string) => ({
    adapter: "openai",
    baseUrl: provider.urlOf(name),
    model: name,
    price: { inputPerMillion: 1, outputPerMillion: 1 },
  });
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: {
        free: { dailyRequests: -1, weeklyBudget: 5, monthlyBudget: 20, allowedProviders: ["model"] },
      },
      providers: { model: entry("model") },
      embeddings: { vectors: entry("vectors"), others: entry("others") },
      routing: { fallbackProvider: "model" },
      features: { search: { cache: { minutes: 60, scope: "shared" } }, plain: {} },
    }),
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

let asked = 0;
/** Asks twice; what the cache said of each, and how many calls the provider has seen of it. */
async function twice(
  path: "embeddings" | "responses",
  body: object,
  how: { feature?: string; name: string },
) {
  const before = provider.calls(how.name);
  const said: (string | null)[] = [];
  const texts: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    const response = await fetch(`${gateway.url}/v1/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${gateway.key}`,
        "x-vigor-user": "ada",
        "x-vigor-feature": how.feature ?? "search",
      },
      body: JSON.stringify(body),
    });
    said.push(response.headers.get("x-vigor-cache"));
    // The first answer has cost something, the one out of the cache has not.
    texts.push((await response.text()).replace(/,"cost_usd":[\d.e-]+/, ""));
  }
  return { said, calls: provider.calls(how.name) - before, isSame: texts[0] === texts[1] };
}
const KEPT = { said: ["miss", "hit"], calls: 1, isSame: true };
const NOT_KEPT = { said: ["miss", "miss"], calls: 2 };

function answerJson(name: string, body: object): void {
  provider.play(name, (response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}

describe("embeddings", () => {
  const vector = (index: number, embedding: unknown = [0.1, 0.2]) => ({
    object: "embedding",
    index,
    embedding,
  });
  const listOf = (data: readonly object[]) => ({
    object: "list",
    data,
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  const ask = (data: readonly object[], input: unknown, model = "vectors", feature = "search") => {
    answerJson(model, listOf(data));
    return twice("embeddings", { model, input }, { name: model, feature });
  };
  const text = () => `a text ${++asked}`;

  it("are kept for a feature that the catalog names, whole: a text, tokens, lists of either, numbers or base64", async () => {
    expect(await ask([vector(0)], text())).toMatchObject(KEPT);
    expect(await ask([vector(0)], [1, 2, ++asked])).toMatchObject(KEPT);
    expect(await ask([vector(0), vector(1)], [text(), text()])).toMatchObject(KEPT);
    expect(await ask([vector(1), vector(0)], [[1, ++asked], [2]])).toMatchObject(KEPT);
    expect(await ask([vector(0, "AAAAAA==")], text())).toMatchObject(KEPT);
  });

  it("are asked for anew for every other feature", async () => {
    const { said, calls } = await ask([vector(0)], text(), "vectors", "plain");
    expect([said, calls]).toEqual([["bypass", "bypass"], 2]);
  });

  it.each([
    ["one is missing", [vector(0)]],
    ["one came twice", [vector(0), vector(0)]],
    ["one is empty", [vector(0), vector(1, [])]],
    ["one is no vector", [vector(0), vector(1, null)]],
    ["one is shorter than the other", [vector(0), vector(1, [0.1])]],
    ["there is one too many", [vector(0), vector(1), vector(2)]],
  ])("are not kept when %s", async (_why, data) => {
    expect(await ask(data, [text(), text()])).toMatchObject(NOT_KEPT);
  });

  it("of two models are never mixed up", async () => {
    const input = text();
    expect(await ask([vector(0)], input, "vectors")).toMatchObject(KEPT);
    expect(await ask([vector(0)], input, "others")).toMatchObject(KEPT);
  });

  it("out of the cache cost nothing, and say what they saved", async () => {
    await ask([vector(0)], text());
    const [made, hit] = (await gateway.events()).slice(-2);
    expect(made).toMatchObject({ outcome: "ok", cost: 3_000 });
    expect(hit).toMatchObject({ outcome: "cached", cost: 0, cache_saved: 3_000 });
  });
});

describe("responses", () => {
  const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: "hello" }] };
  const whole = {
    id: "resp_1",
    object: "response",
    status: "completed",
    error: null,
    output: [message],
    usage: { input_tokens: 3, output_tokens: 2 },
  };
  const ask = (stream: boolean) =>
    twice("responses", { model: "model", input: `a question ${++asked}`, stream }, { name: "model" });

  it("are kept when they are complete", async () => {
    answerJson("model", whole);
    expect(await ask(false)).toMatchObject(KEPT);
    streamEvents([{ type: "response.completed", response: whole }]);
    expect(await ask(true)).toMatchObject(KEPT);
  });

  it.each([
    [
      "incomplete",
      "response.incomplete",
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    ],
    ["failed", "response.failed", { status: "failed", error: { code: "server_error", message: "no" } }],
  ])("are not kept when they are %s", async (_how, type, changed) => {
    answerJson("model", { ...whole, ...changed });
    expect(await ask(false)).toMatchObject(NOT_KEPT);
    streamEvents([{ type, response: { ...whole, ...changed } }]);
    expect(await ask(true)).toMatchObject(NOT_KEPT);
  });

  it("are not kept when the stream breaks off", async () => {
    streamEvents([{ type: "response.output_text.delta", delta: "hel" }]);
    expect(await ask(true)).toMatchObject(NOT_KEPT);
  });
});

function streamEvents(events: readonly object[]): void {
  provider.play("model", (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  });
}
