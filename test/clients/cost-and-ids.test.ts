import { once } from "node:events";
import net from "node:net";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { streamText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { TestGateway } from "../support/test-gateway.ts";
import { ADAPTERS, eventOf, settingsFor, startClientGateway } from "./client-gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startClientGateway();
});
afterAll(() => gateway.close());

const messages = [{ role: "user" as const, content: "Plan my week of training." }];
const NANO_PER_USD = 1_000_000_000;
const withCost = z.looseObject({ cost_usd: z.number() });

describe.each(ADAPTERS)("a stream by %s", (model) => {
  it("tells the official client in its usage what the request has cost", async () => {
    const user = `cost-chat-${model}`;
    const stream = await gateway
      .client(user)
      .chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
    let cost = -1;
    for await (const chunk of stream) if (chunk.usage) cost = withCost.parse(chunk.usage).cost_usd;
    expect(cost).toBeGreaterThan(0);
    expect(Math.round(cost * NANO_PER_USD)).toBe((await eventOf(gateway, user)).cost);
  });

  it("tells it in the last event of a response, too", async () => {
    const user = `cost-response-${model}`;
    const stream = await gateway
      .client(user)
      .responses.create({ model, input: "Plan my week.", stream: true });
    let cost = -1;
    for await (const event of stream)
      if (event.type === "response.completed") cost = withCost.parse(event.response.usage).cost_usd;
    expect(Math.round(cost * NANO_PER_USD)).toBe((await eventOf(gateway, user)).cost);
  });

  it("says nothing of it to who did not ask for usage", async () => {
    const response = await gateway.post(
      { model, messages, stream: true },
      { "x-vigor-user": `silent-${model}` },
    );
    expect(await response.text()).not.toContain("cost_usd");
  });

  it("is read by the Vercel AI SDK and by LangChain as before", async () => {
    const result = streamText({
      model: createOpenAI(settingsFor(gateway, `ai-${model}`)).chat(model),
      messages,
      maxRetries: 0,
    });
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
    const { apiKey, baseURL, headers } = settingsFor(gateway, `lc-${model}`);
    const chat = new ChatOpenAI({
      model,
      apiKey,
      maxRetries: 0,
      streamUsage: true,
      configuration: { baseURL, defaultHeaders: headers },
    });
    const usages: unknown[] = [];
    for await (const chunk of await chat.stream("Plan my week.")) usages.push(chunk.usage_metadata);
    expect(usages).toContainEqual(expect.objectContaining({ output_tokens: expect.any(Number) }));
  });
});

describe("the official client", () => {
  it("has the request's id of every answer, and of every error", async () => {
    const client = gateway.client("ids");
    const answer = await client.chat.completions.create({ model: "openai", messages });
    expect(answer._request_id).toBe((await eventOf(gateway, "ids")).request_id);
    expect((await client.models.retrieve("auto"))._request_id).toMatch(/^[0-9a-f-]{36}$/);
    const refused = client.chat.completions.create({ model: "nope", messages });
    await expect(refused).rejects.toMatchObject({
      status: 404,
      requestID: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const keyless = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "wrong", maxRetries: 0 });
    await expect(keyless.models.list()).rejects.toMatchObject({ status: 401, requestID: expect.any(String) });
    for (const path of ["/v1/nothing", "/healthz", "/metrics", "/v1/usage", "/v1/models/%E0%A4%A"]) {
      expect((await fetch(gateway.url + path)).headers.get("x-request-id"), path).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("retrieves one model by its name, and is told of an unknown one", async () => {
    const { models } = gateway.client("models");
    for await (const listed of models.list())
      expect(await models.retrieve(listed.id)).toMatchObject({ ...listed });
    await expect(models.retrieve("gpt-9")).rejects.toMatchObject({ status: 404, code: "unknown_model" });
    await expect(fetch(`${gateway.url}/v1/models/%E0%A4%A`)).resolves.toMatchObject({ status: 400 });
    await expect(fetch(`${gateway.url}/v1/models/auto`)).resolves.toMatchObject({ status: 401 });
  });

  it.each([5, 40])("reads the 413 for a body of %i MB, and its connection lives on", async (megabytes) => {
    const content = "x".repeat(megabytes * 1_000_000);
    const client = gateway.client("large");
    const call = client.chat.completions.create({ model: "openai", messages: [{ role: "user", content }] });
    await expect(call).rejects.toMatchObject({ status: 413, code: "body_too_large" });
    expect((await client.chat.completions.create({ model: "openai", messages })).choices).toHaveLength(1);
  });

  it.each(["with a length", "in chunks"])(
    "is no exception: any client reads the 413 of a body %s",
    async (how) => {
      const socket = net.connect(Number(new URL(gateway.url).port), "127.0.0.1");
      const body = Buffer.alloc(5_000_000, "x");
      const isChunked = how === "in chunks";
      const length = isChunked ? "transfer-encoding: chunked" : `content-length: ${body.length}`;
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${gateway.key}\r\ncontent-type: application/json\r\n${length}\r\n\r\n`,
      );
      if (isChunked) socket.write(`${body.length.toString(16)}\r\n`);
      socket.write(body);
      if (isChunked) socket.write("\r\n0\r\n\r\n");
      const [head]: unknown[] = await once(socket, "data");
      expect(String(head)).toMatch(/^HTTP\/1\.1 413 [\s\S]*body_too_large/);
      socket.destroy();
    },
  );

  it("that announces more than is ever read is answered at once, and its connection closed", async () => {
    const socket = net.connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${gateway.key}\r\ncontent-length: 5000000000\r\n\r\n`,
    );
    const [head]: unknown[] = await once(socket, "data");
    expect(String(head)).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    await once(socket, "close");
  });
});
