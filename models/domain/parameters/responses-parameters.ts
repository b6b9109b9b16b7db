import { z } from "zod";
import { common } from "./common-parameters.ts";
import {
  dropped,
  EVERY_ADAPTER,
  flag,
  freeForm,
  functionName,
  imageDetail,
  imageUrl,
  MAX_ITEMS,
  nothing,
  numeric,
  outputLimit,
  parameter,
  words,
} from "./parameter.ts";

const HOSTED_TOOLS = "must be function or custom: tools that a provider runs itself have fees of their own";
const STORED =
  "must be a message, a call or the output of a call: what a provider has stored has no bound (send items whole; store: false makes clients do so)";

/** What clients send back of an answer's item. An `id` is never sent on: a provider would look up what it stands for. */
const echoed = { id: dropped(), status: dropped(), phase: dropped(), namespace: dropped() };

const text = z.strictObject({
  type: z.enum(["input_text", "output_text", "text"]),
  text: z.string(),
  annotations: dropped(),
  logprobs: dropped(),
  parsed: dropped(),
});
const refused = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const image = z.strictObject({
  type: z.literal("input_image"),
  image_url: imageUrl(),
  detail: imageDetail(),
  file_id: nothing(),
});
const part = z.discriminatedUnion("type", [text, image, refused], {
  error: ({ code }) =>
    code === "invalid_union"
      ? "must be text, input_image or refusal: files and audio have no bound"
      : undefined,
});
const content = z.union([z.string(), z.array(part).max(MAX_ITEMS)]);

const message = z.strictObject({
  ...echoed,
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"], {
    error: ({ input }) => (input === undefined ? STORED : undefined),
  }),
  content,
});
const functionCall = z.strictObject({
  ...echoed,
  type: z.literal("function_call"),
  call_id: z.string(),
  name: functionName(),
  arguments: z.string(),
  parsed_arguments: dropped(),
});
const functionOutput = z.strictObject({
  ...echoed,
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: content,
});
const customCall = z.strictObject({
  ...echoed,
  type: z.literal("custom_tool_call"),
  call_id: z.string(),
  name: z.string(),
  input: z.string(),
});
const customOutput = z.strictObject({
  ...echoed,
  type: z.literal("custom_tool_call_output"),
  call_id: z.string(),
  output: content,
});
/** Never sent on: it is stored at the provider or encrypted, so the tokens that it holds cannot be counted. */
const reasoning = z.strictObject({
  ...echoed,
  type: z.literal("reasoning"),
  summary: dropped(),
  content: dropped(),
  encrypted_content: dropped(),
});
const item = z.discriminatedUnion(
  "type",
  [message, functionCall, functionOutput, customCall, customOutput, reasoning],
  { error: ({ code }) => (code === "invalid_union" ? STORED : undefined) },
);

const tool = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z.literal("function"),
      name: z.string(),
      description: z.string().nullish(),
      parameters: freeForm().nullish(),
      strict: flag(),
    }),
    z.strictObject({
      type: z.literal("custom"),
      name: z.string(),
      description: z.string().nullish(),
      format: freeForm().nullish(),
    }),
  ],
  { error: ({ code }) => (code === "invalid_union" ? HOSTED_TOOLS : undefined) },
);
const named = z.strictObject({ type: z.enum(["function", "custom"]), name: z.string() });
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  named,
  z.strictObject({
    type: z.literal("allowed_tools"),
    mode: z.enum(["auto", "required"]),
    tools: z.array(named).max(MAX_ITEMS),
  }),
]);

const format = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string().optional(),
    description: z.string().nullish(),
    schema: freeForm().nullish(),
    strict: flag(),
  }),
]);

const NATIVE = ["openai"] as const;

/** The body of `/v1/responses`. Adapters without it are asked by chat, with the parameters of chat that mean the same. */
export const responsesBody = z.strictObject({
  ...common(),
  metadata: parameter(freeForm().nullish(), {
    cost: "free",
    why: "It is told back with the answer. The gateway reads `feature`, `country` and `device`; simulated providers are told by it how to behave.",
    adapters: NATIVE,
    elsewhere: "dropped",
  }),
  input: parameter(z.union([z.string().min(1), z.array(item).min(1).max(MAX_ITEMS)]), {
    cost: "bounded",
    why: "The bound counts the bytes that are sent, and each image by the most that one can count. References are refused, ids and reasoning of earlier answers dropped.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  instructions: parameter(z.string().nullish(), {
    cost: "bounded",
    why: "The bound counts its bytes as input.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  max_output_tokens: parameter(outputLimit(), {
    cost: "imposed",
    why: "The lower of it and the tier's limit is sent in the field that the provider obeys; reasoning counts within.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  temperature: parameter(numeric(), {
    cost: "free",
    why: "How a token is chosen does not change what it costs.",
    adapters: EVERY_ADAPTER,
    elsewhere: "dropped",
  }),
  top_p: parameter(numeric(), {
    cost: "free",
    why: "As `temperature`.",
    adapters: EVERY_ADAPTER,
    elsewhere: "dropped",
  }),
  top_logprobs: parameter(z.number().int().min(0).max(20).nullish(), {
    cost: "free",
    why: "What is told of each token costs nothing.",
    adapters: NATIVE,
    elsewhere: "dropped",
  }),
  text: parameter(z.strictObject({ format: format.nullish(), verbosity: words() }).nullish(), {
    cost: "bounded",
    why: "The bound counts its bytes as input. `verbosity` goes to OpenAI alone.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  tools: parameter(z.array(tool).max(MAX_ITEMS).nullish(), {
    cost: "bounded",
    why: "The bound counts its bytes, and the text that providers put around tools. Tools that a provider runs itself are refused.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  tool_choice: parameter(toolChoice.nullish(), {
    cost: "bounded",
    why: "The bound counts its bytes as input.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  parallel_tool_calls: parameter(flag(), {
    cost: "free",
    why: "Calls are output, which has its limit.",
    adapters: ["openai", "openai-compatible"],
    elsewhere: "dropped",
  }),
  max_tool_calls: parameter(z.number().int().nullish(), {
    cost: "free",
    why: "It limits tools that a provider runs itself, which are refused.",
    adapters: [],
    elsewhere: "dropped",
  }),
  reasoning: parameter(
    z.strictObject({ effort: words(), summary: words(), generate_summary: words() }).nullish(),
    {
      cost: "bounded",
      why: "Reasoning and its summary count within the output limit. `effort` goes wherever `reasoning_effort` goes.",
      adapters: ["openai", "openai-compatible", "gemini"],
      elsewhere: "dropped",
    },
  ),
  include: parameter(
    z
      .array(
        z.enum([
          "message.output_text.logprobs",
          "reasoning.encrypted_content",
          "message.input_image.image_url",
        ]),
      )
      .max(16)
      .nullish(),
    {
      cost: "free",
      why: "More of an answer that is paid for anyway. What tools that a provider runs itself give is refused.",
      adapters: NATIVE,
      elsewhere: "dropped",
    },
  ),
  truncation: parameter(z.enum(["auto", "disabled"]).nullish(), {
    cost: "free",
    why: "It can only leave out input.",
    adapters: NATIVE,
    elsewhere: "dropped",
  }),
});
export type ResponsesRequest = z.infer<typeof responsesBody>;
export type ResponsesItem = Exclude<ResponsesRequest["input"], string>[number];
