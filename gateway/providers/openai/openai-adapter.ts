import type { ProviderAdapter } from "../adapter.ts";
import { responsesOverChat } from "../responses/over-chat.ts";
import { openAiChat } from "./chat-endpoint.ts";
import { openAiEmbeddings } from "./embeddings-endpoint.ts";
import { openAiResponses } from "./responses-endpoint.ts";

/** OpenAI itself, and servers with all of its endpoints. */
export const openAiAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: {
    chat: openAiChat("openai"),
    responses: openAiResponses,
    embeddings: openAiEmbeddings("openai"),
  },
};

const compatibleChat = openAiChat("openai-compatible");

export const openAiCompatibleAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: {
    chat: compatibleChat,
    responses: responsesOverChat(compatibleChat),
    embeddings: openAiEmbeddings("openai-compatible"),
  },
};

export function bearer(apiKey: string): Record<string, string> {
  return { authorization: `Bearer ${apiKey}` };
}
