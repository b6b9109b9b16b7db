import { handlingBy } from "../../../models/domain/parameters/request-parameters.ts";
import type { ResponsesRequest } from "../../../models/domain/parameters/responses-parameters.ts";
import { responseQuality } from "../../quality/response-quality.ts";
import type { EndpointAdapter } from "../adapter.ts";
import { copyParameters } from "../copy-parameters.ts";
import { passAnswer } from "./answer.ts";
import { readOpenAiError } from "./error-message.ts";
import { imposeAccount } from "./impose-account.ts";
import { RESPONSES_READING } from "./responses-reading.ts";
import { RESPONSES_USAGE } from "./usage.ts";

const HANDLING = handlingBy("openai", "responses");

/** OpenAI's own `/v1/responses`, which counts reasoning within `max_output_tokens`. */
export const openAiResponses: EndpointAdapter<ResponsesRequest> = {
  mapRequest(call) {
    const { body, model, maxOutputTokens, imageBytes } = call;
    const copied = copyParameters(call, HANDLING);
    if (copied.kind === "refusal") return copied;
    const { fields, extraParameters } = copied;
    fields.model = model;
    fields.input = inputOf(body);
    fields.max_output_tokens = maxOutputTokens;
    if (body.stream === true && body.stream_options?.include_obfuscation === false)
      fields.stream_options = { include_obfuscation: false };
    imposeAccount(fields, body);
    return { kind: "request", path: "/responses", body: JSON.stringify(fields), imageBytes, extraParameters };
  },
  mapResponse: passAnswer,
  mapStream: () => null,
  reading: RESPONSES_READING,
  usage: RESPONSES_USAGE,
  quality: responseQuality,
  readError: readOpenAiError,
};

/** Reasoning of earlier answers is stored or encrypted: the tokens that it stands for cannot be counted, so it is left out. */
function inputOf({ input }: ResponsesRequest): ResponsesRequest["input"] {
  if (typeof input === "string" || !input.some(({ type }) => type === "reasoning")) return input;
  return input.filter(({ type }) => type !== "reasoning");
}
