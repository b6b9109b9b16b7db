import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { askFor, clientOf, nextBooks, waitForBooks } from "./client.ts";

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await startSimulatedProvider({ latencyScale: 0, seed: 7 });
});
afterAll(() => provider.close());

describe("JSON", () => {
  test("the usage that the client sees is what the provider bills", async () => {
    const books = nextBooks(provider, "gpt-4o");
    const answer = await clientOf(provider, "gpt-4o").chat.completions.create(askFor("Plan my week."));
    expect(answer.choices[0]?.message.content).toMatch(/^[A-Z].*\.$/s);
    expect(answer.usage).toMatchObject({
      prompt_tokens: books().promptTokens,
      completion_tokens: books().completionTokens,
      prompt_tokens_details: { cached_tokens: books().cachedTokens },
      completion_tokens_details: { reasoning_tokens: books().reasoningTokens },
    });
    expect(books()).toMatchObject({ calls: 1, answered: 1, failed: 0, aborted: 0, inFlight: 0 });
  });

  test("a request steers its tokens by metadata", async () => {
    const metadata = {
      simulate_prompt_tokens: "90",
      simulate_cached_tokens: "64",
      simulate_output_tokens: "30",
      simulate_reasoning_tokens: "10",
    };
    const answer = await clientOf(provider, "gpt-4o").chat.completions.create(
      askFor("Hello there.", { metadata }),
    );
    expect(answer.usage).toMatchObject({
      prompt_tokens: 90,
      completion_tokens: 30,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 64 },
      completion_tokens_details: { reasoning_tokens: 10 },
    });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("there are never more prompt tokens than bytes in the body", async () => {
    const metadata = { simulate_prompt_tokens: "9999999" };
    const body = askFor("Hi", { metadata });
    const answer = await clientOf(provider, "gpt-4o").chat.completions.create(body);
    expect(answer.usage?.prompt_tokens).toBe(Buffer.byteLength(JSON.stringify(body)));
  });

  test.each(["max_tokens", "max_completion_tokens"] as const)(
    "%s cuts the answer and says so",
    async (limit) => {
      const metadata = { simulate_output_tokens: "500" };
      const answer = await clientOf(provider, "gemini-pro").chat.completions.create(
        askFor("A long plan, please.", { metadata, [limit]: 12 }),
      );
      expect(answer.usage?.completion_tokens).toBe(12);
      expect(answer.choices[0]?.finish_reason).toBe("length");
    },
  );

  test("each of n choices is billed", async () => {
    const metadata = { simulate_output_tokens: "20", simulate_reasoning_tokens: "5" };
    const answer = await clientOf(provider, "gpt-4o").chat.completions.create(
      askFor("Ideas?", { n: 3, metadata }),
    );
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(answer.choices.map(({ message }) => message.content)).size).toBe(3);
    expect(answer.usage).toMatchObject({
      completion_tokens: 60,
      completion_tokens_details: { reasoning_tokens: 15 },
    });
  });

  test("the same request gets the same answer, another one another", async () => {
    const ask = async (text: string) => {
      const answer = await clientOf(provider, "perplexity").chat.completions.create(askFor(text));
      return [answer.choices[0]?.message.content, answer.usage];
    };
    expect(await ask("same")).toEqual(await ask("same"));
    expect(await ask("same")).not.toEqual(await ask("other"));
  });

  test("what is wrong with a request is named", async () => {
    const ask = clientOf(provider, "gpt-4o").chat.completions.create({ model: "gpt-4o", messages: [] });
    await expect(ask).rejects.toMatchObject({
      status: 400,
      param: "messages",
      type: "invalid_request_error",
    });
  });
});

describe("tools and structured answers", () => {
  const parameters = {
    type: "object",
    properties: {
      day: { type: "string", enum: ["monday", "friday"] },
      minutes: { type: "integer", minimum: 5 },
    },
    required: ["day", "minutes"],
    additionalProperties: false,
  };
  const tools: OpenAI.ChatCompletionFunctionTool[] = [
    { type: "function", function: { name: "book_session", parameters } },
  ];

  test.each([
    ["required", "required"],
    ["a named function", { type: "function", function: { name: "book_session" } }],
  ] as const)("tool_choice %s forces a call whose arguments fit the schema", async (_name, tool_choice) => {
    const answer = await clientOf(provider, "gpt-4o").chat.completions.create(
      askFor("Book it.", { tools, tool_choice }),
    );
    const [choice] = answer.choices;
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no tool was called");
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(call.function.name).toBe("book_session");
    expect(JSON.parse(call.function.arguments)).toEqual({
      day: expect.stringMatching(/monday|friday/),
      minutes: expect.any(Number),
    });
  });

  test("a streamed tool call adds up to the same arguments", async () => {
    const body = askFor("Book it.", { tools, tool_choice: "required" });
    const stream = clientOf(provider, "gpt-4o").chat.completions.stream({ ...body, stream: true });
    const final = await stream.finalChatCompletion();
    const [call] = final.choices[0]?.message.tool_calls ?? [];
    expect(JSON.parse(call?.function.arguments ?? "")).toHaveProperty("minutes");
  });

  test("json_schema and json_object answer with valid JSON", async () => {
    const schema = {
      type: "object",
      properties: { plan: { type: "array", items: parameters } },
      required: ["plan"],
    };
    const answer = await clientOf(provider, "gpt-4o-mini").chat.completions.create(
      askFor("As JSON.", { response_format: { type: "json_schema", json_schema: { name: "plan", schema } } }),
    );
    expect(JSON.parse(answer.choices[0]?.message.content ?? "").plan[0]).toHaveProperty("day");
    const loose = await clientOf(provider, "gpt-4o-mini").chat.completions.create(
      askFor("As JSON.", { response_format: { type: "json_object" } }),
    );
    expect(JSON.parse(loose.choices[0]?.message.content ?? "")).toBeTypeOf("object");
  });
});

describe("embeddings and models", () => {
  test("the same text has the same unit vector, in both encodings, and is billed by its tokens", async () => {
    const client = clientOf(provider, "embedder");
    const books = nextBooks(provider, "embedder");
    const floats = await client.embeddings.create({
      model: "e",
      input: ["one", "two"],
      encoding_format: "float",
    });
    const packed = await client.embeddings.create({ model: "e", input: ["one", "two"] });
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(
      floats.data.map(({ embedding }) => embedding),
    );
    const length = Math.hypot(...(floats.data[0]?.embedding ?? []));
    expect(length).toBeCloseTo(1, 5);
    expect(floats.usage.prompt_tokens + packed.usage.prompt_tokens).toBe(books().promptTokens);
  });

  test("each provider lists its model", async () => {
    const models = await clientOf(provider, "gemini-flash").models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["gemini-2.5-flash"]);
  });

  test("health and books can be read, and an unknown path is an error in OpenAI's shape", async () => {
    expect(await (await fetch(`${provider.url}/health`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${provider.url}/books`)).json()).toEqual(provider.books());
    const missing = await fetch(`${provider.url}/gpt-4o/v2/nothing`);
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { error: { type: "invalid_request_error" } },
    ]);
  });
});

test("a client that leaves before the first token pays for the prompt only", async () => {
  const books = nextBooks(provider, "fallback");
  const leave = new AbortController();
  const metadata = { simulate_latency_ms: "60000", simulate_prompt_tokens: "40" };
  const ask = clientOf(provider, "fallback").chat.completions.create(askFor("Quick!", { metadata }), {
    signal: leave.signal,
  });
  await waitForBooks(provider, "fallback", ({ inFlight }) => inFlight === 1);
  leave.abort();
  await expect(ask).rejects.toThrow(OpenAI.APIUserAbortError);
  await waitForBooks(provider, "fallback", ({ inFlight }) => inFlight === 0);
  expect(books()).toMatchObject({ aborted: 1, promptTokens: 40, completionTokens: 0 });
});
