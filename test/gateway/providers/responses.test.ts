import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { geminiAdapter } from "../../../gateway/providers/gemini/gemini-adapter.ts";
import { openAiAdapter, openAiCompatibleAdapter } from "../../../gateway/providers/openai/openai-adapter.ts";
import { sseMeter } from "../../../gateway/sse-meter.ts";
import { eventsOf, hear, mappedRequest, responsesCallWith } from "./adapter-call.ts";

const native = endpointOf(openAiAdapter);
const overChat = endpointOf(openAiCompatibleAdapter);
const overGemini = endpointOf(geminiAdapter);

const chunk = (fields: object) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", created: 5, model: "m", ...fields })}\n\n`;
const delta = (content: object, finish_reason: string | null = null) =>
  chunk({ choices: [{ index: 0, delta: content, finish_reason }] });
const toolCall = (fields: object) => delta({ tool_calls: [{ index: 0, ...fields }] });
const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } };
const stream = Buffer.from(
  [
    delta({ role: "assistant", content: "" }),
    delta({ content: "Grüße " }),
    delta({ content: "東京" }),
    toolCall({ id: "call_1", function: { name: "weather", arguments: "" } }),
    toolCall({ function: { arguments: '{"place":' } }),
    toolCall({ function: { arguments: '"Rome"}' } }),
    delta({}, "tool_calls"),
    chunk({ choices: [], usage }),
    "data: [DONE]\n\n",
  ].join(""),
);
const call = responsesCallWith({ input: "Hi", stream: true });

describe("a request of /v1/responses", () => {
  it("goes to OpenAI in its own form, with the model and the limit of the gateway", () => {
    const asked = responsesCallWith({ input: "Hi", max_output_tokens: 9_000, truncation: "auto" });
    expect(mappedRequest(native, asked)).toEqual({
      path: "/responses",
      body: {
        input: "Hi",
        truncation: "auto",
        model: "a-model",
        max_output_tokens: 100,
        service_tier: "default",
        store: false,
      },
    });
  });

  it("goes to others as a chat: instructions, images, calls and their results, schema", () => {
    const asked = responsesCallWith({
      instructions: "Be short.",
      input: [
        { role: "user", content: [{ type: "input_text", text: "See" }, image("data:image/png;base64,AA")] },
        { type: "reasoning", summary: [] },
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call", call_id: "b", name: "g", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "1" },
        { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "2" }] },
      ],
      text: { format: { type: "json_schema", name: "x", schema: { type: "object" }, strict: true } },
      tools: [{ type: "function", name: "f", parameters: { type: "object" } }],
      tool_choice: { type: "function", name: "f" },
      reasoning: { effort: "low" },
    });
    const { path, body } = mappedRequest(overChat, asked);
    expect(path).toBe("/chat/completions");
    expect(body).toEqual({
      model: "a-model",
      max_tokens: 100,
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "a", content: "1" },
        { role: "tool", tool_call_id: "b", content: "2" },
      ],
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
      tool_choice: { type: "function", function: { name: "f" } },
      response_format: {
        type: "json_schema",
        json_schema: { name: "x", schema: { type: "object" }, strict: true },
      },
      reasoning_effort: "low",
    });
  });

  it("is refused where chat has no such thing", () => {
    const custom = responsesCallWith({ input: "Hi", tools: [{ type: "custom", name: "x" }] });
    expect(overChat.mapRequest(custom)).toMatchObject({ kind: "refusal" });
  });
});

describe("a streamed response over chat", () => {
  const types = (text: string) =>
    eventsOf(text).map((event) =>
      typeof event === "object" && event !== null && "type" in event ? event.type : "",
    );

  it("has OpenAI's events in their order, each named and numbered", () => {
    const { text } = hear(overChat, { call, bytes: stream });
    expect(types(text)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const numbers = [...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, at) => at));
  });

  it("says at its end what the answer is, as a JSON answer would", () => {
    const { text } = hear(overChat, { call, bytes: stream });
    const message = {
      content: "Grüße 東京",
      tool_calls: [{ id: "call_1", function: { name: "weather", arguments: '{"place":"Rome"}' } }],
    };
    const answer = {
      id: "chatcmpl-1",
      created: 5,
      model: "m",
      choices: [{ message, finish_reason: "tool_calls" }],
      usage,
    };
    expect(eventsOf(text).at(-1)).toMatchObject({
      type: "response.completed",
      response: overChat.mapResponse(answer, call)?.body,
    });
  });

  it("is the same in whatever pieces its bytes come, and its usage is read out of it", () => {
    const whole = hear(overChat, { call, bytes: stream });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: stream.length }), (readBytes) => {
        expect(hear(overChat, { call, bytes: stream, readBytes })).toEqual(whole);
      }),
      { numRuns: 50 },
    );
    const meter = sseMeter({ hideUsage: true, reading: overChat.reading });
    expect(meter.push(Buffer.from(whole.text)).toString()).toBe(whole.text);
    expect(meter.report(true).reported).toEqual({ input: 6, cachedInput: 4, output: 5, reasoning: 0 });
    expect(meter.done()).toBe(true);
  });

  it("that was cut has no last event, and is not finished", () => {
    const cut = stream.subarray(0, stream.indexOf('"id":"call_1"'));
    const { text } = hear(overChat, { call, bytes: cut.subarray(0, cut.lastIndexOf("\n\n") + 2) });
    const meter = sseMeter({ hideUsage: true, reading: overChat.reading });
    meter.push(Buffer.from(text));
    expect(meter.done()).toBe(false);
    expect(meter.report(false)).toEqual({ end: "unfinished", reported: null });
  });

  it("is incomplete where the limit cut it", () => {
    const bytes = Buffer.from(delta({ content: "x" }) + delta({}, "length"));
    expect(eventsOf(hear(overChat, { call, bytes }).text).at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
  });

  it("comes from Gemini's own events, too", () => {
    const candidate = { content: { parts: [{ text: "Hi" }] }, finishReason: "STOP", index: 0 };
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2 };
    const answer = { candidates: [candidate], usageMetadata, responseId: "r" };
    const bytes = Buffer.from(`data: ${JSON.stringify(answer)}\r\n\r\n`);
    expect(eventsOf(hear(overGemini, { call, bytes }).text).at(-1)).toMatchObject({
      type: "response.completed",
      response: {
        id: "resp_r",
        output: [{ type: "message", content: [{ type: "output_text", text: "Hi" }] }],
        usage: { input_tokens: 3, output_tokens: 2 },
      },
    });
  });
});

function image(image_url: string): object {
  return { type: "input_image", image_url };
}

function endpointOf({ endpoints }: typeof openAiAdapter) {
  if (endpoints.responses === undefined) throw new Error("it has no responses");
  return endpoints.responses;
}
