import { z } from "zod";
import type { RequestBody } from "../../model-request.ts";
import { type Refusal, refusal } from "../adapter.ts";

const image = z.object({
  type: z.literal("input_image"),
  image_url: z.string(),
  detail: z.string().nullish(),
});
const text = z.object({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() });
const refused = z.object({ type: z.literal("refusal"), refusal: z.string() });
const part = z.union([text, image, refused]);

const message = z.object({
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.union([z.string(), z.array(part)]),
});
const call = z.object({
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const output = z.object({
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: z.union([z.string(), z.array(text)]),
});
const reasoning = z.object({ type: z.literal("reasoning") });
const item = z.union([call, output, reasoning, message]);

const responsesBody = z.object({
  input: z.union([z.string(), z.array(item)]),
  instructions: z.string().nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal("function"),
        name: z.string(),
        description: z.string().nullish(),
        parameters: z.record(z.string(), z.unknown()).nullish(),
        strict: z.boolean().nullish(),
      }),
    )
    .nullish(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.object({ type: z.literal("function"), name: z.string() }),
    ])
    .nullish(),
  text: z
    .object({ format: z.looseObject({ type: z.string() }).nullish(), verbosity: z.string().nullish() })
    .nullish(),
  reasoning: z.object({ effort: z.string().nullish() }).nullish(),
});
type ResponsesBody = z.infer<typeof responsesBody>;

/** Of the same name and meaning in both. */
const SHARED = [
  "model",
  "stream",
  "temperature",
  "top_p",
  "parallel_tool_calls",
  "user",
  "safety_identifier",
  "metadata",
  "prompt_cache_key",
] as const;

export interface ChatAsked {
  readonly kind: "chat";
  readonly body: RequestBody;
}

/** The chat request that a request of `/v1/responses` comes to. */
export function chatRequestOf(body: RequestBody): ChatAsked | Refusal {
  const parsed = responsesBody.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refusal(`${issue?.path.join(".")}: this model is asked by chat, which has no such thing`);
  }
  const asked = parsed.data;
  const shared = Object.fromEntries(SHARED.map((name) => [name, body[name]]));
  const fields: Record<string, unknown> = {
    ...shared,
    messages: messagesOf(asked),
    tools: asked.tools?.map(({ type, ...declared }) => ({ type, function: declared })),
    tool_choice: toolChoice(asked.tool_choice),
    response_format: responseFormat(asked.text?.format),
    verbosity: asked.text?.verbosity,
    reasoning_effort: asked.reasoning?.effort,
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return { kind: "chat", body: { ...Object.fromEntries(given), model: body.model } };
}

interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: object[];
  readonly tool_call_id?: string;
}

function messagesOf({ input, instructions }: ResponsesBody): ChatMessage[] {
  const messages: ChatMessage[] = instructions == null ? [] : [{ role: "system", content: instructions }];
  if (typeof input === "string") return [...messages, { role: "user", content: input }];
  for (const each of input) {
    if ("role" in each) messages.push({ role: each.role, content: contentOf(each.content) });
    else if (each.type === "function_call") addCall(messages, each);
    else if (each.type === "function_call_output")
      messages.push({ role: "tool", tool_call_id: each.call_id, content: textOf(each.output) });
  }
  return messages;
}

/** Calls that were made together stand in one message, as the answers to them expect. */
function addCall(messages: ChatMessage[], made: z.infer<typeof call>): void {
  const { call_id: id, name, arguments: args } = made;
  const toolCall = { id, type: "function", function: { name, arguments: args } };
  const last = messages.at(-1);
  if (last?.role === "assistant") {
    const tool_calls = [...(last.tool_calls ?? []), toolCall];
    messages[messages.length - 1] = { ...last, tool_calls };
  } else messages.push({ role: "assistant", content: null, tool_calls: [toolCall] });
}

function contentOf(content: z.infer<typeof message>["content"]): unknown {
  if (typeof content === "string") return content;
  return content.map((each) => {
    if (each.type === "refusal") return each;
    if (each.type !== "input_image") return { type: "text", text: each.text };
    const { image_url: url, detail } = each;
    return { type: "image_url", image_url: { url, ...(detail == null ? {} : { detail }) } };
  });
}

function textOf(given: z.infer<typeof output>["output"]): string {
  return typeof given === "string" ? given : given.map((each) => each.text).join("");
}

function toolChoice(choice: ResponsesBody["tool_choice"]): unknown {
  return typeof choice === "object" && choice !== null
    ? { type: "function", function: { name: choice.name } }
    : choice;
}

function responseFormat(format: NonNullable<ResponsesBody["text"]>["format"]): unknown {
  if (format == null || format.type === "text") return undefined;
  const { type, ...schema } = format;
  return type === "json_schema" ? { type, json_schema: schema } : { type };
}
