import { z } from "zod";

/** What of a chat request is mapped to Gemini's form. Whatever is not here has no counterpart there, and is left out. */

const part = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({
    type: z.literal("image_url"),
    image_url: z.union([z.string(), z.object({ url: z.string() })]),
  }),
]);

const content = z.union([z.string(), z.array(part)]).nullish();

const toolCall = z.object({
  id: z.string(),
  type: z.literal("function").optional(),
  function: z.object({ name: z.string(), arguments: z.string() }),
  /** Where Google's own OpenAI interface keeps it. */
  extra_content: z
    .object({ google: z.object({ thought_signature: z.string().optional() }).optional() })
    .nullish(),
});

const message = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer", "user"]), content }),
  z.object({ role: z.literal("assistant"), content, tool_calls: z.array(toolCall).nullish() }),
  z.object({ role: z.literal("tool"), content, tool_call_id: z.string() }),
]);

const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({ schema: z.record(z.string(), z.unknown()).nullish() }),
  }),
]);

const number = z.number().nullish();

export const chatBody = z.object({
  messages: z.array(message),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  response_format: responseFormat.nullish(),
  stream: z.boolean().nullish(),
  n: number,
  temperature: number,
  top_p: number,
  top_k: number,
  seed: number,
  presence_penalty: number,
  frequency_penalty: number,
  logprobs: z.boolean().nullish(),
  top_logprobs: number,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  reasoning_effort: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type ChatBody = z.infer<typeof chatBody>;
export type Message = ChatBody["messages"][number];
export type Content = z.infer<typeof content>;
