import { responseQuality } from "../../quality/response-quality.ts";
import type { EndpointAdapter } from "../adapter.ts";
import { passAnswer } from "./answer.ts";
import { readOpenAiError } from "./error-message.ts";
import { RESPONSES_READING } from "./responses-reading.ts";
import { RESPONSES_USAGE } from "./usage.ts";

/** OpenAI's own `/v1/responses`, which counts reasoning within `max_output_tokens`. */
export const openAiResponses: EndpointAdapter = {
  mapRequest({ body, model, maxOutputTokens }) {
    const mapped = { ...body, model, max_output_tokens: maxOutputTokens };
    return { kind: "request", path: "/responses", body: JSON.stringify(mapped) };
  },
  mapResponse: passAnswer,
  mapStream: () => null,
  reading: RESPONSES_READING,
  usage: RESPONSES_USAGE,
  quality: responseQuality,
  readError: readOpenAiError,
};
