import type { TokenUsage } from "../../../models/domain/price.ts";
import type { UsageMetadata } from "./gemini-answer.ts";

/**
 * Disjoint buckets: the prompt's count includes what was cached and leaves out what tools brought; thoughts stand beside the
 * candidates. https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function geminiUsage(usage: UsageMetadata): TokenUsage {
  const prompt = usage.promptTokenCount + usage.toolUsePromptTokenCount;
  const cachedInput = Math.min(usage.cachedContentTokenCount, prompt);
  return {
    input: prompt - cachedInput,
    cachedInput,
    output: usage.candidatesTokenCount,
    reasoning: usage.thoughtsTokenCount,
  };
}

/** The same as OpenAI's chat says it. */
export function chatUsage({ input, cachedInput, output, reasoning }: TokenUsage): object {
  return {
    prompt_tokens: input + cachedInput,
    completion_tokens: output + reasoning,
    total_tokens: input + cachedInput + output + reasoning,
    prompt_tokens_details: { cached_tokens: cachedInput },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}
