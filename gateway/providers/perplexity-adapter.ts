import type { TokenUsage } from "../../models/domain/price.ts";
import type { StreamReading } from "../stream-reading.ts";
import { tokenUsageOf } from "../token-usage.ts";
import type { EndpointAdapter, ProviderAdapter } from "./adapter.ts";
import { openAiChat } from "./openai/chat-endpoint.ts";
import { CHAT_READING } from "./openai/chat-reading.ts";
import { bearer } from "./openai/openai-adapter.ts";
import { responsesOverChat } from "./responses/over-chat.ts";

/**
 * https://docs.perplexity.ai/api-reference/chat-completions-post: OpenAI's chat with `citations` and `search_results` beside the
 * choices, which pass on as they are. Each chunk of a stream has the usage so far, and `[DONE]` may be missing at the end. The fee
 * for each request is part of the price (`perRequest`); `web_search_options`, which would change it, is refused before.
 */
const chat: EndpointAdapter = {
  ...openAiChat,
  reading: { ...CHAT_READING, usageIn } satisfies StreamReading,
  usage: (answer) => (isObject(answer) ? perplexityUsage(answer.usage) : null),
};

export const perplexityAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: { chat, responses: responsesOverChat(chat) },
};

function usageIn(document: object) {
  const found = CHAT_READING.usageIn(document);
  if (found === null) return null;
  const usage = "usage" in document ? perplexityUsage(document.usage) : null;
  return usage === null ? null : { ...found, usage };
}

/** Deep research counts reasoning beside the completion, and charges what it has read (`citation_tokens`) as input. */
function perplexityUsage(usage: unknown): TokenUsage | null {
  const counted = tokenUsageOf(usage);
  if (counted === null || !isObject(usage)) return counted;
  return {
    ...counted,
    input: counted.input + countOf(usage.citation_tokens),
    reasoning: counted.reasoning + countOf(usage.reasoning_tokens),
  };
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
