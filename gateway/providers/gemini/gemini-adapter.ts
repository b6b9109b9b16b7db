import { chatQuality } from "../../quality/chat-quality.ts";
import type { ChatAdapter, ProviderAdapter, ProviderError } from "../adapter.ts";
import { CHAT_READING } from "../openai/chat-reading.ts";
import { readOpenAiError } from "../openai/error-message.ts";
import { responsesOverChat } from "../responses/over-chat.ts";
import { chatChunks } from "./chunks.ts";
import { geminiRequest } from "./request.ts";
import { chatCompletion } from "./response.ts";
import { GEMINI_USAGE } from "./usage.ts";

/** Google's own interface: `generateContent` and `streamGenerateContent`. */
export const geminiChat: ChatAdapter = {
  mapRequest: geminiRequest,
  mapResponse: chatCompletion,
  mapStream: chatChunks,
  // `finish_reason`s are mapped, so `[DONE]` alone says that it is complete.
  reading: { ...CHAT_READING, isLast: () => false },
  usage: GEMINI_USAGE,
  quality: chatQuality,
  readError,
};

/** `{ error: { code, message, status } }`. Google answers 400 to a wrong key and to a place that it does not serve, too. */
function readError(body: unknown): ProviderError {
  const { message } = readOpenAiError(body);
  const isCallers = message === null || !/API key|location is not supported/i.test(message);
  return { message, isCallers };
}

export const geminiAdapter: ProviderAdapter = {
  authorize: (apiKey) => ({ "x-goog-api-key": apiKey }),
  endpoints: { chat: geminiChat, responses: responsesOverChat(geminiChat) },
};
