import { chatQuality } from "../../quality/chat-quality.ts";
import type { AdapterCall, EndpointAdapter } from "../adapter.ts";
import { passAnswer } from "./answer.ts";
import { CHAT_READING } from "./chat-reading.ts";
import { readOpenAiError } from "./error-message.ts";
import { CHAT_USAGE } from "./usage.ts";

/** The app's form is the provider's: fields that the gateway does not know pass, and answers come back as they were sent. */
export const openAiChat: EndpointAdapter = {
  mapRequest: (call) => ({ kind: "request", path: "/chat/completions", body: chatBody(call) }),
  mapResponse: passAnswer,
  mapStream: () => null,
  reading: CHAT_READING,
  usage: CHAT_USAGE,
  quality: chatQuality,
  readError: readOpenAiError,
};

/**
 * The model's name, an output limit that the reservation covers, and the usage of a stream asked for. Which of the two limit
 * fields is used is the caller's choice; providers know both or the one that the caller knows.
 */
function chatBody({ body, model, maxOutputTokens }: AdapterCall): string {
  const { max_tokens: old, max_completion_tokens: limit } = body;
  const mapped: Record<string, unknown> = { ...body, model };
  if (limit == null || old != null) mapped.max_tokens = maxOutputTokens;
  if (limit != null) mapped.max_completion_tokens = maxOutputTokens;
  if (body.stream === true) mapped.stream_options = { ...body.stream_options, include_usage: true };
  return JSON.stringify(mapped);
}
