import { NOTHING_WRONG } from "../../quality/answer-quality.ts";
import type { EndpointAdapter } from "../adapter.ts";
import { passAnswer } from "./answer.ts";
import { CHAT_READING } from "./chat-reading.ts";
import { readOpenAiError } from "./error-message.ts";
import { EMBEDDINGS_USAGE } from "./usage.ts";

export const openAiEmbeddings: EndpointAdapter = {
  mapRequest: ({ body, model }) => ({
    kind: "request",
    path: "/embeddings",
    body: JSON.stringify({ ...body, model }),
  }),
  mapResponse: passAnswer,
  mapStream: () => null,
  // Nothing is streamed.
  reading: CHAT_READING,
  usage: EMBEDDINGS_USAGE,
  quality: () => NOTHING_WRONG,
  readError: readOpenAiError,
};
