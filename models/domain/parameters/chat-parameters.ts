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
  MAX_CHOICES,
  MAX_ITEMS,
  nothing,
  numeric,
  outputLimit,
  parameter,
  words,
} from "./parameter.ts";

const HOSTED_TOOLS = "must be function or custom: tools that a provider runs itself have fees of their own";

const text = z.strictObject({ type: z.literal("text"), text: z.string() });
const refused = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const image = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.union([imageUrl(), z.strictObject({ url: imageUrl(), detail: imageDetail() })]),
});
const part = z.discriminatedUnion("type", [text, image, refused], {
  error: ({ code }) =>
    code === "invalid_union"
      ? "must be text, image_url or refusal: files, audio and video have no bound"
      : undefined,
});
const content = z.union([z.string(), z.array(part).max(MAX_ITEMS)]);

/** Of a call that a model made: `parsed_arguments` and `index` are what clients add. */
const functionCall = z.strictObject({
  id: z.string(),
  type: z.literal("function").optional(),
  function: z.strictObject({ name: functionName(), arguments: z.string(), parsed_arguments: dropped() }),
  index: dropped(),
  /** Where Google's own OpenAI interface keeps what a call is signed with. */
  extra_content: z
    .strictObject({ google: z.strictObject({ thought_signature: z.string().optional() }).optional() })
    .nullish(),
});
const customCall = z.strictObject({
  id: z.string(),
  type: z.literal("custom"),
  custom: z.strictObject({ name: z.string(), input: z.string() }),
  index: dropped(),
});

const spoken = z.strictObject({
  role: z.enum(["system", "developer", "user"]),
  content: content.nullish(),
  name: words(),
});
const answered = z.strictObject({
  role: z.literal("assistant"),
  content: content.nullish(),
  name: words(),
  refusal: z.string().nullish(),
  tool_calls: z
    .array(z.discriminatedUnion("type", [functionCall, customCall]))
    .max(MAX_ITEMS)
    .nullish(),
  function_call: z.strictObject({ name: z.string(), arguments: z.string() }).nullish(),
  reasoning_content: z.string().nullish(),
  audio: nothing(),
  annotations: dropped(),
  parsed: dropped(),
  reasoning: dropped(),
  reasoning_details: dropped(),
});
const toolResult = z.strictObject({
  role: z.literal("tool"),
  content: content.nullish(),
  tool_call_id: z.string(),
  name: words(),
});
const functionResult = z.strictObject({
  role: z.literal("function"),
  content: content.nullish(),
  name: z.string(),
});
const message = z.discriminatedUnion("role", [spoken, answered, toolResult, functionResult]);

const declared = z.strictObject({
  name: z.string(),
  description: z.string().nullish(),
  parameters: freeForm().nullish(),
  strict: flag(),
});
const customTool = z.strictObject({
  name: z.string(),
  description: z.string().nullish(),
  format: freeForm().nullish(),
});
const tool = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("function"), function: declared }),
    z.strictObject({ type: z.literal("custom"), custom: customTool }),
  ],
  { error: ({ code }) => (code === "invalid_union" ? HOSTED_TOOLS : undefined) },
);
const named = z.strictObject({ name: z.string() });
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.strictObject({ type: z.literal("function"), function: named }),
  z.strictObject({ type: z.literal("custom"), custom: named }),
  z.strictObject({
    type: z.literal("allowed_tools"),
    allowed_tools: z.strictObject({
      mode: z.enum(["auto", "required"]),
      tools: z.array(z.strictObject({ type: z.literal("function"), function: named })).max(MAX_ITEMS),
    }),
  }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string().optional(),
      description: z.string().nullish(),
      schema: freeForm().nullish(),
      strict: flag(),
    }),
  }),
]);

const SAMPLING = "How a token is chosen does not change what it costs.";
const NAMES_PRICED = "The bound counts its bytes as input.";
const TOOLS_PRICED = "The bound counts its bytes, and the text that providers put around tools.";

/** The body of `/v1/chat/completions`. */
export const chatBody = z.strictObject({
  ...common(),
  messages: parameter(z.array(message).min(1).max(MAX_ITEMS), {
    cost: "bounded",
    why: "The bound counts the bytes that are sent, and each image by the most that one can count.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  max_tokens: parameter(outputLimit(), {
    cost: "imposed",
    why: "The lowest of the limits given and the tier's is sent in the field that the provider obeys.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  max_completion_tokens: parameter(outputLimit(), {
    cost: "imposed",
    why: "As `max_tokens`.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  n: parameter(z.number().int().min(1).max(MAX_CHOICES).nullish(), {
    cost: "bounded",
    why: `At most ${MAX_CHOICES}; the bound counts each choice with its whole output limit.`,
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  temperature: parameter(numeric(), {
    cost: "free",
    why: SAMPLING,
    adapters: EVERY_ADAPTER,
    elsewhere: "dropped",
  }),
  top_p: parameter(numeric(), { cost: "free", why: SAMPLING, adapters: EVERY_ADAPTER, elsewhere: "dropped" }),
  top_k: parameter(numeric(), {
    cost: "free",
    why: SAMPLING,
    adapters: ["gemini", "perplexity"],
    elsewhere: "refused",
  }),
  frequency_penalty: parameter(numeric(), {
    cost: "free",
    why: SAMPLING,
    adapters: EVERY_ADAPTER,
    elsewhere: "dropped",
  }),
  presence_penalty: parameter(numeric(), {
    cost: "free",
    why: SAMPLING,
    adapters: EVERY_ADAPTER,
    elsewhere: "dropped",
  }),
  seed: parameter(z.number().int().nullish(), {
    cost: "free",
    why: SAMPLING,
    adapters: ["openai", "openai-compatible", "gemini"],
    elsewhere: "dropped",
  }),
  logit_bias: parameter(z.record(z.string().max(20), z.number()).nullish(), {
    cost: "free",
    why: SAMPLING,
    adapters: ["openai", "openai-compatible"],
    elsewhere: "refused",
  }),
  stop: parameter(z.union([z.string(), z.array(z.string()).max(16)]).nullish(), {
    cost: "free",
    why: "It can only make an answer shorter.",
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  logprobs: parameter(flag(), {
    cost: "free",
    why: "What is told of each token costs nothing.",
    adapters: ["openai", "openai-compatible", "gemini"],
    elsewhere: "dropped",
  }),
  top_logprobs: parameter(z.number().int().min(0).max(20).nullish(), {
    cost: "free",
    why: "As `logprobs`.",
    adapters: ["openai", "openai-compatible", "gemini"],
    elsewhere: "dropped",
  }),
  response_format: parameter(responseFormat.nullish(), {
    cost: "bounded",
    why: NAMES_PRICED,
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  tools: parameter(z.array(tool).max(MAX_ITEMS).nullish(), {
    cost: "bounded",
    why: `${TOOLS_PRICED} Tools that a provider runs itself are refused.`,
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  tool_choice: parameter(toolChoice.nullish(), {
    cost: "bounded",
    why: NAMES_PRICED,
    adapters: EVERY_ADAPTER,
    elsewhere: "refused",
  }),
  parallel_tool_calls: parameter(flag(), {
    cost: "free",
    why: "Calls are output, which has its limit.",
    adapters: ["openai", "openai-compatible"],
    elsewhere: "dropped",
  }),
  functions: parameter(z.array(declared).max(MAX_ITEMS).nullish(), {
    cost: "bounded",
    why: `${TOOLS_PRICED} The old form of \`tools\`.`,
    adapters: ["openai", "openai-compatible"],
    elsewhere: "refused",
  }),
  function_call: parameter(z.union([z.enum(["none", "auto"]), named]).nullish(), {
    cost: "bounded",
    why: `${NAMES_PRICED} The old form of \`tool_choice\`.`,
    adapters: ["openai", "openai-compatible"],
    elsewhere: "refused",
  }),
  reasoning_effort: parameter(words(), {
    cost: "bounded",
    why: "Reasoning counts as output, within the output limit; Gemini's thinking budget is kept below it.",
    adapters: ["openai", "openai-compatible", "gemini"],
    elsewhere: "dropped",
  }),
  verbosity: parameter(words(), {
    cost: "free",
    why: "The answer stays within the output limit.",
    adapters: ["openai"],
    elsewhere: "dropped",
  }),
  modalities: parameter(z.array(z.literal("text")).max(1).nullish(), {
    cost: "read",
    why: "Text alone, which is what is sent for without it; audio and images have prices of their own.",
    adapters: [],
    elsewhere: "dropped",
  }),
});
export type ChatRequest = z.infer<typeof chatBody>;
