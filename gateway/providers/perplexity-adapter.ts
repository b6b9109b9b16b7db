import type { ChatAdapter, ProviderAdapter } from "./adapter.ts";
import { openAiChat } from "./openai/chat-endpoint.ts";
import { CHAT_READING } from "./openai/chat-reading.ts";
import { bearer } from "./openai/openai-adapter.ts";
import { PERPLEXITY_USAGE } from "./openai/usage.ts";
import { responsesOverChat } from "./responses/over-chat.ts";

/**
 * https://docs.perplexity.ai/api-reference/chat-completions-post: OpenAI's chat with `citations` and `search_results` beside the
 * choices, which pass on as they are. Deep research counts reasoning beside the completion, and charges what it has read. Each chunk of a stream has the usage so far, and `[DONE]` may be missing at the end. The fee
 * for each request is part of the price (`perRequest`); `web_search_options`, which would change it, is refused before.
 */
const chat: ChatAdapter = {
  ...openAiChat("perplexity"),
  reading: { ...CHAT_READING, usage: PERPLEXITY_USAGE },
  usage: PERPLEXITY_USAGE,
};

export const perplexityAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: { chat, responses: responsesOverChat(chat) },
};
