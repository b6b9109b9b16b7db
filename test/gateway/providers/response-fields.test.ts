import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { EndpointAdapter, ProviderAdapter } from "../../../gateway/providers/adapter.ts";
import { openAiCompatibleAdapter } from "../../../gateway/providers/openai/openai-adapter.ts";
import type { ResponsesRequest } from "../../../models/domain/parameters/responses-parameters.ts";
import { eventsOf, hear, responsesCallWith } from "./adapter-call.ts";

/** The official client's own types say which fields an application may rely on. */
const TYPES = readFileSync(
  resolve(import.meta.dirname, "../../../node_modules/openai/resources/responses/responses.d.ts"),
  "utf8",
);
/** The client computes it by itself. */
const ADDED_BY_THE_CLIENT = ["output_text"];

function requiredFields(type: string): string[] {
  const [, body = ""] = new RegExp(`^export interface ${type} \\{\\n([\\s\\S]*?)^\\}`, "m").exec(TYPES) ?? [];
  const fields = [...body.matchAll(/^ {4}(\w+): /gm)].map(([, name = ""]) => name);
  return fields.filter((name) => !ADDED_BY_THE_CLIENT.includes(name));
}

const endpoint = endpointOf(openAiCompatibleAdapter);
const ASKED = {
  instructions: "Be short.",
  temperature: 0.5,
  top_p: 0.9,
  parallel_tool_calls: false,
  tool_choice: "required",
  tools: [{ type: "function", name: "f", parameters: { type: "object" }, strict: true }],
  metadata: { plan: "gold" },
};
const message = { content: "Hi", tool_calls: [{ id: "a", function: { name: "f", arguments: "{}" } }] };

function answered(asked: object): object {
  const call = responsesCallWith({ input: "Hello", ...asked });
  const usage = { prompt_tokens: 10, completion_tokens: 5 };
  return endpoint.mapResponse({ choices: [{ message, finish_reason: "stop" }], usage }, call)?.body ?? {};
}

describe("a response that the gateway makes out of a chat", () => {
  it("has every field that the official client's types promise", () => {
    const required = requiredFields("Response");
    for (const known of ["instructions", "metadata", "tools", "tool_choice", "temperature", "top_p"])
      expect(required).toContain(known);
    expect(Object.keys(answered({}))).toEqual(expect.arrayContaining(required));
  });

  it("repeats what was asked, and OpenAI's defaults where nothing was said", () => {
    expect(answered(ASKED)).toMatchObject(ASKED);
    expect(answered({})).toMatchObject({
      ...{ instructions: null, temperature: 1, top_p: 1, parallel_tool_calls: true },
      ...{ tool_choice: "auto", tools: [], metadata: {} },
    });
  });

  it("tells in each event of a stream every field that the types promise", () => {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const toolCall = { index: 0, ...message.tool_calls[0] };
    const chunks = [chunk({ content: "Hi" }), chunk({ refusal: "No" }), chunk({ tool_calls: [toolCall] })];
    const stream = Buffer.from(`${chunks.join("")}${chunk({}, "stop")}data: [DONE]\n\n`);
    const call = responsesCallWith({ input: "Hello", stream: true, ...ASKED });
    const heard = hear(endpoint, { call, bytes: stream });
    const events = z.array(z.looseObject({ type: z.string() })).parse(eventsOf(heard.text));
    const types: Record<string, string> = {
      "response.created": "ResponseCreatedEvent",
      "response.in_progress": "ResponseInProgressEvent",
      "response.output_item.added": "ResponseOutputItemAddedEvent",
      "response.content_part.added": "ResponseContentPartAddedEvent",
      "response.output_text.delta": "ResponseTextDeltaEvent",
      "response.output_text.done": "ResponseTextDoneEvent",
      "response.refusal.delta": "ResponseRefusalDeltaEvent",
      "response.refusal.done": "ResponseRefusalDoneEvent",
      "response.content_part.done": "ResponseContentPartDoneEvent",
      "response.function_call_arguments.delta": "ResponseFunctionCallArgumentsDeltaEvent",
      "response.function_call_arguments.done": "ResponseFunctionCallArgumentsDoneEvent",
      "response.output_item.done": "ResponseOutputItemDoneEvent",
      "response.completed": "ResponseCompletedEvent",
    };
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(types)));
    for (const event of events) {
      const required = requiredFields(types[event.type] ?? "");
      expect(required.length, event.type).toBeGreaterThan(2);
      expect(Object.keys(event), event.type).toEqual(expect.arrayContaining(required));
    }
  });
});

function endpointOf({ endpoints }: ProviderAdapter): EndpointAdapter<ResponsesRequest> {
  if (endpoints.responses === undefined) throw new Error("it has no responses");
  return endpoints.responses;
}
