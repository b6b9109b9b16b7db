import type { ProviderAdapter } from "../adapter.ts";
import { responsesOverChat } from "../responses/over-chat.ts";
import { openAiChat } from "./chat-endpoint.ts";
import { openAiEmbeddings } from "./embeddings-endpoint.ts";
import { openAiResponses } from "./responses-endpoint.ts";

/** OpenAI itself, and servers with all of its endpoints. */
export const openAiAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: { chat: openAiChat, responses: openAiResponses, embeddings: openAiEmbeddings },
};

export const openAiCompatibleAdapter: ProviderAdapter = {
  authorize: bearer,
  endpoints: {
    chat: openAiChat,
    responses: responsesOverChat(openAiChat),
    embeddings: openAiEmbeddings,
  },
};

export function bearer(apiKey: string): Record<string, string> {
  return { authorization: `Bearer ${apiKey}` };
}
