import { z } from "zod";
import type { TokenUsage } from "../models/domain/price.ts";

const count = z.number().int().nonnegative();

const openAiUsage = z.object({
  prompt_tokens: count,
  completion_tokens: count.default(0),
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
});

/**
 * OpenAI's `usage` in disjoint buckets: there `prompt_tokens` includes the cached ones and `completion_tokens` the reasoning.
 * Null when it is missing or makes no sense; zero when the provider said zero.
 */
export function tokenUsageOf(usage: unknown): TokenUsage | null {
  const parsed = openAiUsage.safeParse(usage);
  if (!parsed.success) return null;
  const { prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details } = parsed.data;
  const cachedInput = Math.min(prompt_tokens_details?.cached_tokens ?? 0, prompt_tokens);
  const reasoning = Math.min(completion_tokens_details?.reasoning_tokens ?? 0, completion_tokens);
  return {
    input: prompt_tokens - cachedInput,
    cachedInput,
    output: completion_tokens - reasoning,
    reasoning,
  };
}
