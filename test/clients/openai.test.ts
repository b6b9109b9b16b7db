import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestGateway } from "../support/test-gateway.ts";
import { ADAPTERS, eventOf, startClientGateway } from "./client-gateway.ts";

const messages = [{ role: "user" as const, content: "Plan my week of training." }];
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather of a place",
    parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
  },
};
const plan = {
  type: "object",
  properties: { title: { type: "string" }, days: { type: "integer" } },
  required: ["title", "days"],
  additionalProperties: false,
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startClientGateway();
});
afterAll(() => gateway.close());

describe.each(ADAPTERS)("the official client, answered by %s", (model) => {
  const userOf = (what: string) => `${what}-${model}`;

  it("gets a chat answer, and its event has the usage that it was told", async () => {
    const user = userOf("chat");
    const answer = await gateway.client(user).chat.completions.create({ model, messages });
    expect(answer.choices[0]?.message.content).toMatch(/\w+/);
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    const event = await eventOf(gateway, user);
    expect(event).toMatchObject({ outcome: "ok", provider: model });
    expect(event.input_tokens + event.cached_input_tokens).toBe(answer.usage?.prompt_tokens);
    expect(event.output_tokens + event.reasoning_tokens).toBe(answer.usage?.completion_tokens);
  });

  it.each([true, false])("streams, with usage asked for: %s", async (include_usage) => {
    const user = userOf(`stream-${include_usage}`);
    const options = include_usage ? { stream_options: { include_usage } } : {};
    const stream = await gateway
      .client(user)
      .chat.completions.create({ model, messages, stream: true, ...options });
    let text = "";
    let usages = 0;
    let finish: string | null = null;
    for await (const chunk of stream) {
      if (chunk.usage) usages += 1;
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(text).toMatch(/\w+/);
    expect(finish).toBe("stop");
    expect(usages).toBe(include_usage ? 1 : 0);
    const event = await eventOf(gateway, user);
    expect(event).toMatchObject({ outcome: "ok", stream: true });
    expect(event.output_tokens).toBeGreaterThan(0);
  });

  it.each([true, false])("calls a tool and answers it; stream: %s", async (stream) => {
    const client = gateway.client(userOf(`tool-${stream}`));
    const asked = { model, messages, tools: [weather], tool_choice: "required" as const };
    const { message } = stream
      ? await finalChoice(client.chat.completions.stream(asked))
      : firstChoice(await client.chat.completions.create(asked));
    const [call] = message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no tool was called");
    expect(call.function.name).toBe("weather");
    expect(JSON.parse(call.function.arguments)).toHaveProperty("place");
    const result = { role: "tool" as const, tool_call_id: call.id, content: "sunny" };
    const { content } = firstChoice(
      await client.chat.completions.create({
        model,
        messages: [...messages, { role: "assistant", content: null, tool_calls: [call] }, result],
        tools: [weather],
      }),
    ).message;
    expect(content).toMatch(/\w+/);
  });

  it("gets JSON of the schema that it asked for", async () => {
    const response_format = {
      type: "json_schema" as const,
      json_schema: { name: "plan", schema: plan, strict: true },
    };
    const answer = await gateway
      .client(userOf("schema"))
      .chat.completions.create({ model, messages, response_format });
    expect(Object.keys(JSON.parse(firstChoice(answer).message.content ?? "")).sort()).toEqual([
      "days",
      "title",
    ]);
  });

  it("gets several answers at once", async () => {
    const answer = await gateway.client(userOf("n")).chat.completions.create({ model, messages, n: 3 });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("that is cut off by the limit is told so", async () => {
    const metadata = { simulate_output_tokens: "500" };
    const answer = await gateway
      .client(userOf("cut"))
      .chat.completions.create({ model, messages, max_tokens: 20, metadata });
    expect(answer.choices[0]?.finish_reason).toBe("length");
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(20);
  });

  it("gets a response and a streamed one, equal to what the last event says", async () => {
    const client = gateway.client(userOf("response"));
    const response = await client.responses.create({
      model,
      input: "Plan my week.",
      instructions: "Be short.",
    });
    expect(response.status).toBe("completed");
    expect(response.output_text).toMatch(/\w+/);
    const stream = await client.responses.create({ model, input: "Plan my week.", stream: true });
    let text = "";
    let last = null;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") last = event.response;
    }
    expect(text).toMatch(/\w+/);
    expect(last?.usage?.output_tokens).toBeGreaterThan(0);
    expect(last?.output.flatMap((item) => (item.type === "message" ? item.content : []))).toMatchObject([
      { type: "output_text", text },
    ]);
    const events = (await gateway.events()).filter(({ user_id }) => user_id === userOf("response"));
    expect(events).toHaveLength(2);
    for (const event of events) {
      expect(event.outcome).toBe("ok");
      expect(event.output_tokens).toBeGreaterThan(0);
    }
    expect(events.map((event) => event.input_tokens + event.cached_input_tokens)).toEqual([
      response.usage?.input_tokens,
      last?.usage?.input_tokens,
    ]);
  });

  it("gets a tool called through responses, and gives the result back", async () => {
    const client = gateway.client(userOf("response-tool"));
    const { type, function: declared } = weather;
    const tools = [{ type, ...declared, strict: false }];
    const input = [{ role: "user" as const, content: "Weather?" }];
    const response = await client.responses.create({ model, input, tools, tool_choice: "required" });
    const call = response.output.find((item) => item.type === "function_call");
    if (call?.type !== "function_call") throw new Error("no tool was called");
    expect(JSON.parse(call.arguments)).toHaveProperty("place");
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "sunny" };
    const { call_id, name, arguments: args } = call;
    const answered = await client.responses.create({
      model,
      input: [...input, { type: "function_call", call_id, name, arguments: args }, output],
      tools,
    });
    expect(answered.output_text).toMatch(/\w+/);
  });

  it("sends its answers back as they came, and the conversation goes on", async () => {
    const client = gateway.client(userOf("echo"));
    const chat: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Plan my week." }];
    const said = await client.chat.completions.create({ model, messages: chat });
    chat.push(firstChoice(said).message, { role: "user", content: "Shorter." });
    const shorter = await client.chat.completions.create({ model, messages: chat });
    expect(firstChoice(shorter).message.content).toMatch(/\w+/);
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "Plan my week." }];
    const first = await client.responses.create({ model, input });
    input.push(...first.output.filter((item) => item.type === "message"), {
      role: "user",
      content: "Shorter.",
    });
    expect((await client.responses.create({ model, input, store: false })).output_text).toMatch(/\w+/);
  });

  it("that goes away in a stream is billed for what the provider did", async () => {
    const user = userOf("abort");
    const abort = new AbortController();
    const metadata = { simulate_output_tokens: "150", simulate_latency_ms: "300" };
    const stream = await gateway
      .client(user)
      .chat.completions.create({ model, messages, stream: true, metadata }, { signal: abort.signal });
    for await (const _chunk of stream) {
      abort.abort();
      break;
    }
    await expect
      .poll(async () => (await gateway.events()).find(({ user_id }) => user_id === user)?.output_tokens ?? 0)
      .toBeGreaterThan(0);
    const event = await eventOf(gateway, user);
    expect(event.outcome).toBe("aborted");
    expect(event.output_tokens + event.reasoning_tokens).toBe(150);
  });

  it.each([true, false])("is never told that a cut answer is whole; stream: %s", async (stream) => {
    const metadata = { simulate_error: "cut" };
    const ask = async () => {
      const client = gateway.client(userOf(`broken-${stream}`));
      if (!stream) return void (await client.chat.completions.create({ model, messages, metadata }));
      for await (const _chunk of await client.chat.completions.create({
        model,
        messages,
        metadata,
        stream: true,
      }));
    };
    await expect(ask()).rejects.toThrow(OpenAI.APIError);
  });

  it("raises its class for a provider's refusal, with the provider's words", async () => {
    const metadata = { simulate_error: "400" };
    const call = gateway.client(userOf("refused")).chat.completions.create({ model, messages, metadata });
    await expect(call).rejects.toThrow(OpenAI.BadRequestError);
    await expect(call).rejects.toMatchObject({
      code: "provider_rejected",
      message: expect.stringContaining("The request is not valid."),
    });
  });
});

describe("the official client", () => {
  it("gets embeddings by the model's name, for what its input costs", async () => {
    const user = "embeddings";
    const answer = await gateway
      .client(user)
      .embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] });
    expect(answer.data.map(({ embedding }) => embedding.length)).toEqual([1536, 1536]);
    const event = await eventOf(gateway, user);
    expect(event).toMatchObject({ outcome: "ok", provider: "text-embedding-3-small", output_tokens: 0 });
    expect(event.input_tokens).toBe(answer.usage.prompt_tokens);
    // $0.10 for a million tokens are 100 nano-dollars each.
    expect(event.cost).toBe(100 * answer.usage.prompt_tokens);
  });

  it("lists what it may ask for", async () => {
    const names = [];
    for await (const { id } of gateway.client("models").models.list()) names.push(id);
    expect(names).toEqual(["auto", ...ADAPTERS, "text-embedding-3-small"]);
  });

  it.each([
    ["auto", "unknown_model"],
    ["gemini", "unknown_model"],
  ])("is told that %s makes no embeddings", async (model, code) => {
    const call = gateway.client("no-embeddings").embeddings.create({ model, input: "one" });
    await expect(call).rejects.toMatchObject({ status: 404, code });
  });

  it("is told that an embedding model does not chat", async () => {
    const call = gateway
      .client("no-chat")
      .chat.completions.create({ model: "text-embedding-3-small", messages });
    await expect(call).rejects.toMatchObject({ status: 404, code: "unknown_model" });
  });

  it.each([
    ["a response that would come later", { background: true }, "unsupported_parameter", "background"],
    [
      "a conversation that the provider keeps",
      { previous_response_id: "resp_1" },
      "unsupported_parameter",
      "previous_response_id",
    ],
    ["a hosted tool", { tools: [{ type: "web_search" as const }] }, "invalid_request", "tools.0.type"],
  ])("is refused %s, whose cost has no bound", async (_what, more, code, param) => {
    const call = gateway.client("refused").responses.create({ model: "auto", input: "Hi", ...more });
    await expect(call).rejects.toMatchObject({ status: 400, code, param });
  });
});

function firstChoice(answer: OpenAI.ChatCompletion): OpenAI.ChatCompletion.Choice {
  const [choice] = answer.choices;
  if (choice === undefined) throw new Error("there is no choice");
  return choice;
}

async function finalChoice(stream: { finalChatCompletion(): Promise<OpenAI.ChatCompletion> }) {
  return firstChoice(await stream.finalChatCompletion());
}
