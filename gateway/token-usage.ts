import type { TokenUsage } from "../models/domain/price.ts";

/**
 * A provider's `usage` in disjoint buckets. In OpenAI's forms (`prompt_tokens` of chat and embeddings, `input_tokens` of responses)
 * the input includes the cached tokens and the output the reasoning. Null when it is missing or makes no sense; zero when the
 * provider said zero.
 */
export function tokenUsageOf(usage: unknown): TokenUsage | null {
  if (!isObject(usage)) return null;
  const isChat = isCount(usage.prompt_tokens);
  const input = usage[isChat ? "prompt_tokens" : "input_tokens"];
  const output = usage[isChat ? "completion_tokens" : "output_tokens"] ?? 0;
  const cached = detail(usage[isChat ? "prompt_tokens_details" : "input_tokens_details"], "cached_tokens");
  const reasoned = detail(
    usage[isChat ? "completion_tokens_details" : "output_tokens_details"],
    "reasoning_tokens",
  );
  if (!isCount(input) || !isCount(output) || cached === null || reasoned === null) return null;
  const cachedInput = Math.min(cached, input);
  const reasoning = Math.min(reasoned, output);
  return { input: input - cachedInput, cachedInput, output: output - reasoning, reasoning };
}

/** 0 when it is not said, null when it makes no sense. */
function detail(details: unknown, name: string): number | null {
  if (details === undefined || details === null) return 0;
  if (!isObject(details)) return null;
  const value = details[name] ?? 0;
  return isCount(value) ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
