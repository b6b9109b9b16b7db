import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costOf } from "../../models/domain/price.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const hello = { model: "auto", messages: [{ role: "user" as const, content: "Plan my week of training." }] };
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe("the official client", () => {
  it("gets an answer, and its cost in the header is what its usage comes to", async () => {
    const { data, response } = await gateway.client("ada").chat.completions.create(hello).withResponse();
    expect(data.choices[0]?.message.content).toMatch(/\w+/);
    expect(response.headers.get("x-vigor-provider")).toBe("cheap");
    expect(response.headers.get("x-vigor-tier")).toBe("free");
    const [event] = (await gateway.events()).filter(({ user_id }) => user_id === "ada");
    const price = gateway.running.gateway.controls.current().catalog.providers.get("cheap")?.prices[0]?.price;
    if (price === undefined || event === undefined) throw new Error("no price or event");
    const usage = {
      input: event.input_tokens,
      cachedInput: event.cached_input_tokens,
      output: event.output_tokens,
      reasoning: event.reasoning_tokens,
    };
    expect(usage.input + usage.cachedInput).toBe(data.usage?.prompt_tokens);
    expect(usage.output + usage.reasoning).toBe(data.usage?.completion_tokens);
    expect(event.cost).toBe(costOf(usage, price));
    expect(Number(response.headers.get("x-vigor-cost-usd"))).toBeCloseTo(event.cost / 1e9, 12);
    expect(event.request_id).toBe(response.headers.get("x-vigor-request-id"));
  });

  it("gets a stream without a usage chunk when it asked for none", async () => {
    const stream = await gateway.client("bob").chat.completions.create({ ...hello, stream: true });
    let text = "";
    for await (const chunk of stream) {
      expect(chunk.usage ?? null).toBeNull();
      expect(chunk.choices).not.toHaveLength(0);
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toMatch(/\w+/);
    const [event] = (await gateway.events()).filter(({ user_id }) => user_id === "bob");
    expect(event).toMatchObject({ outcome: "ok", stream: true });
    expect(event?.output_tokens).toBeGreaterThan(0);
    expect(event?.ttft_ms).toBeGreaterThan(0);
  });

  it("gets the usage chunk of a stream when it asked for it", async () => {
    const stream = await gateway
      .client("cem")
      .chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } });
    const usages = [];
    for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage);
    expect(usages).toHaveLength(1);
    const [event] = (await gateway.events()).filter(({ user_id }) => user_id === "cem");
    expect((event?.output_tokens ?? 0) + (event?.reasoning_tokens ?? 0)).toBe(usages[0]?.completion_tokens);
  });

  it("never gets more output than its tier allows, whatever it asks for", async () => {
    const answer = await gateway.client("dan").chat.completions.create({
      ...hello,
      max_tokens: 100_000,
      metadata: { simulate_output_tokens: "5000" },
    });
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(200);
    expect(answer.choices[0]?.finish_reason).toBe("length");
  });

  it("lists `auto` and the providers", async () => {
    const names = [];
    for await (const model of gateway.client("eva").models.list()) names.push(model.id);
    expect(names).toEqual(["auto", "best", "good", "cheap", "fallback"]);
  });

  it.each([
    ["a wrong key", { apiKey: "wrong" }, hello, OpenAI.AuthenticationError, "invalid_key"],
    ["an unknown model", {}, { ...hello, model: "nope" }, OpenAI.NotFoundError, "unknown_model"],
    [
      "a model of another tier",
      {},
      { ...hello, model: "best" },
      OpenAI.PermissionDeniedError,
      "model_not_allowed",
    ],
    ["no message", {}, { ...hello, messages: [] }, OpenAI.BadRequestError, "invalid_request"],
  ])("raises its own error class for %s", async (_what, options, body, errorClass, code) => {
    const call = gateway.client("fay").withOptions(options).chat.completions.create(body);
    await expect(call).rejects.toThrow(errorClass);
    await expect(call).rejects.toMatchObject({ code });
  });

  it("that goes away in a stream is billed for what the provider did", async () => {
    const abort = new AbortController();
    const stream = await gateway
      .client("gus")
      .chat.completions.create(
        { ...hello, stream: true, metadata: { simulate_output_tokens: "150", simulate_latency_ms: "300" } },
        { signal: abort.signal },
      );
    for await (const _chunk of stream) {
      abort.abort();
      break;
    }
    const event = await waitFor("the event of the aborted stream", async () =>
      (await gateway.events()).find(({ user_id }) => user_id === "gus"),
    );
    expect(event.outcome).toBe("aborted");
    expect(event.output_tokens + event.reasoning_tokens).toBe(150);
  });
});
