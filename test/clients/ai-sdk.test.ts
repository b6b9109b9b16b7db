import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  embedMany,
  generateObject,
  generateText,
  type LanguageModel,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { TestGateway } from "../support/test-gateway.ts";
import { ADAPTERS, eventOf, settingsFor, startClientGateway } from "./client-gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startClientGateway();
});
afterAll(() => gateway.close());

const prompt = "Plan my week of training.";
/** `openai(...)` calls `/v1/responses`, which is what the SDK does by default. */
const PACKAGES: Readonly<Record<string, (user: string, model: string) => LanguageModel>> = {
  responses: (user, model) => createOpenAI(settingsFor(gateway, user))(model),
  chat: (user, model) => createOpenAI(settingsFor(gateway, user)).chat(model),
  compatible: (user, model) =>
    createOpenAICompatible({
      name: "vigor",
      ...settingsFor(gateway, user),
      supportsStructuredOutputs: true,
      includeUsage: true,
    }).chatModel(model),
};

describe.each(Object.keys(PACKAGES))("the Vercel AI SDK (%s)", (name) => {
  const modelOf = (user: string, adapter: string) => {
    const make = PACKAGES[name];
    if (make === undefined) throw new Error(`there is no ${name}`);
    return make(user, adapter);
  };

  it.each(ADAPTERS)("generates text by %s, with its usage", async (adapter) => {
    const user = `text-${name}-${adapter}`;
    const { text, usage, finishReason } = await generateText({
      model: modelOf(user, adapter),
      prompt,
      maxRetries: 0,
    });
    expect(text).toMatch(/\w+/);
    expect(finishReason).toBe("stop");
    const event = await eventOf(gateway, user);
    expect(event.input_tokens + event.cached_input_tokens).toBe(usage.inputTokens);
    expect(event.output_tokens + event.reasoning_tokens).toBe(usage.outputTokens);
  });

  it.each(ADAPTERS)("streams text by %s, with its usage", async (adapter) => {
    const user = `stream-${name}-${adapter}`;
    const result = streamText({ model: modelOf(user, adapter), prompt, maxRetries: 0 });
    let text = "";
    for await (const delta of result.textStream) text += delta;
    expect(text).toMatch(/\w+/);
    expect(await result.finishReason).toBe("stop");
    const event = await eventOf(gateway, user);
    expect(event.output_tokens + event.reasoning_tokens).toBe((await result.usage).outputTokens);
  });

  it.each(ADAPTERS)("generates an object by %s", async (adapter) => {
    const schema = z.object({ title: z.string(), days: z.number().int() });
    const model = modelOf(`object-${name}-${adapter}`, adapter);
    const { object } = await generateObject({ model, schema, prompt, maxRetries: 0 });
    expect(schema.safeParse(object).success).toBe(true);
  });

  it.each(ADAPTERS)("calls a tool by %s, in a stream, too", async (adapter) => {
    const weather = tool({
      description: "Weather",
      inputSchema: z.object({ place: z.string() }),
      execute: ({ place }) => `sunny in ${place}`,
    });
    const model = modelOf(`tool-${name}-${adapter}`, adapter);
    const tools = { weather };
    const asked = { model, prompt, toolChoice: "required", maxRetries: 0 } as const;
    const { toolCalls } = await generateText({ ...asked, tools });
    expect(toolCalls).toMatchObject([{ toolName: "weather", input: { place: expect.any(String) } }]);
    expect(await streamText({ ...asked, tools }).toolCalls).toMatchObject([{ toolName: "weather" }]);
  });

  it.each(ADAPTERS)(
    "goes on with what a tool gave, by %s, where nothing is to be stored",
    async (adapter) => {
      const weather = tool({
        description: "Weather",
        inputSchema: z.object({ place: z.string() }),
        execute: ({ place }) => `sunny in ${place}`,
      });
      const { steps } = await generateText({
        model: modelOf(`steps-${name}-${adapter}`, adapter),
        prompt,
        tools: { weather },
        toolChoice: "required",
        stopWhen: stepCountIs(2),
        maxRetries: 0,
        // Otherwise it sends references to what the provider has stored.
        providerOptions: { openai: { store: false } },
      });
      expect(steps).toHaveLength(2);
    },
  );

  it("raises the gateway's refusal as its own error", async () => {
    const call = generateText({ model: modelOf(`error-${name}`, "nope"), prompt, maxRetries: 0 });
    await expect(call).rejects.toMatchObject({ name: "AI_APICallError", statusCode: 404 });
  });
});

describe("the Vercel AI SDK", () => {
  it("embeds", async () => {
    const model = createOpenAI(settingsFor(gateway, "embed")).embedding("text-embedding-3-small");
    const { embeddings, usage } = await embedMany({ model, values: ["one", "two"], maxRetries: 0 });
    expect(embeddings.map(({ length }) => length)).toEqual([1536, 1536]);
    expect((await eventOf(gateway, "embed")).input_tokens).toBe(usage.tokens);
  });
});
