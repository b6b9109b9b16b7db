import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
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

function settings(user: string) {
  const { apiKey, baseURL, headers } = settingsFor(gateway, user);
  return { apiKey, maxRetries: 0, configuration: { baseURL, defaultHeaders: headers } };
}

describe.each(ADAPTERS)("LangChain, answered by %s", (model) => {
  it.each([false, true])("gets an answer with its usage; responses: %s", async (useResponsesApi) => {
    const user = `invoke-${model}-${useResponsesApi}`;
    const chat = new ChatOpenAI({ model, useResponsesApi, ...settings(user) });
    const answer = await chat.invoke(prompt);
    expect(answer.text).toMatch(/\w+/);
    const { output_tokens, reasoning_tokens } = await eventOf(gateway, user);
    expect(answer).toMatchObject({ usage_metadata: { output_tokens: output_tokens + reasoning_tokens } });
  });

  it("streams", async () => {
    const user = `stream-${model}`;
    let text = "";
    for await (const chunk of await new ChatOpenAI({ model, ...settings(user) }).stream(prompt))
      text += chunk.text;
    expect(text).toMatch(/\w+/);
    expect((await eventOf(gateway, user)).outcome).toBe("ok");
  });

  it("gets structured output", async () => {
    const schema = z.object({ title: z.string(), days: z.number().int() });
    const chat = new ChatOpenAI({ model, ...settings(`object-${model}`) });
    const plan = await chat.withStructuredOutput(schema, { method: "jsonSchema" }).invoke(prompt);
    expect(schema.safeParse(plan).success).toBe(true);
  });

  it("calls a tool", async () => {
    const weather = {
      type: "function" as const,
      function: {
        name: "weather",
        parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
      },
    };
    const chat = new ChatOpenAI({ model, ...settings(`tool-${model}`) });
    const { tool_calls } = await chat.bindTools([weather], { tool_choice: "weather" }).invoke(prompt);
    expect(tool_calls).toMatchObject([{ name: "weather", args: { place: expect.any(String) } }]);
  });
});

describe("LangChain", () => {
  it("embeds", async () => {
    const embeddings = new OpenAIEmbeddings({ model: "text-embedding-3-small", ...settings("embed") });
    expect(await embeddings.embedQuery("one")).toHaveLength(1536);
    expect((await eventOf(gateway, "embed")).outcome).toBe("ok");
  });
});
