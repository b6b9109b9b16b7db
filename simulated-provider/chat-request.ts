import { z } from "zod";
import { FAULTS } from "./faults.ts";

export const MAX_CHOICES = 128;
const MAX_MESSAGES = 10_000;
const MAX_TOOLS = 128;

const contentPart = z.object({ type: z.string(), text: z.string().optional() });

const message = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
});

const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().min(1).max(64),
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
    json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()).nullish() }),
  }),
]);

const wholeNumber = z
  .string()
  .regex(/^\d{1,8}$/, "must be a whole number in a string")
  .transform(Number);

/** Answers that nobody wants: without a word, a refusal, taken away by a filter, prose or half a document where JSON was asked for. */
export const POOR_ANSWERS = ["empty", "refusal", "filtered", "invalid-json"] as const;
export type PoorAnswer = (typeof POOR_ANSWERS)[number];

/** What a request says about its own simulation. Strings, because OpenAI's metadata holds nothing else. */
export const steering = z.object({
  simulate_output_tokens: wholeNumber.optional(),
  simulate_prompt_tokens: wholeNumber.optional(),
  simulate_cached_tokens: wholeNumber.optional(),
  simulate_reasoning_tokens: wholeNumber.optional(),
  simulate_cache_write_tokens: wholeNumber.optional(),
  simulate_web_searches: wholeNumber.optional(),
  /** `true`: makes and bills all of the answer, also when the client has gone. */
  simulate_goes_on: z.enum(["true", "false"]).optional(),
  /** Until the end of the answer, whatever the scales say; the first token comes after a fifth of it. */
  simulate_latency_ms: wholeNumber.optional(),
  simulate_error: z
    .union(
      [z.enum(FAULTS), z.string().regex(/^[45]\d\d$/)],
      `must be a status or one of ${FAULTS.join(", ")}`,
    )
    .optional(),
  simulate_answer: z.enum(POOR_ANSWERS).optional(),
  /** Names of providers with commas between; absent = at each. */
  simulate_error_at: z.string().optional(),
});
export type Steering = z.infer<typeof steering>;

const limit = z.number().int().min(1).nullish();

export const chatRequest = z.object({
  model: z.string().min(1),
  messages: z.array(message).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.number().int().min(1).max(MAX_CHOICES).nullish(),
  max_tokens: limit,
  max_completion_tokens: limit,
  tools: z.array(tool).max(MAX_TOOLS).nullish(),
  tool_choice: toolChoice.nullish(),
  response_format: responseFormat.nullish(),
  metadata: steering.nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

export const embeddingsRequest = z.object({
  model: z.string().min(1),
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(2048),
    z.array(z.number().int()).min(1).max(8192),
    z.array(z.array(z.number().int()).min(1).max(8192)).min(1).max(2048),
  ]),
  dimensions: z.number().int().min(1).max(4096).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
});
export type EmbeddingsRequest = z.infer<typeof embeddingsRequest>;
