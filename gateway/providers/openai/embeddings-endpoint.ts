import type { AdapterName } from "../../../models/domain/catalog.ts";
import type { EmbeddingsRequest } from "../../../models/domain/parameters/embeddings-parameters.ts";
import { handlingBy } from "../../../models/domain/parameters/request-parameters.ts";
import { NOTHING_WRONG } from "../../quality/answer-quality.ts";
import type { EndpointAdapter } from "../adapter.ts";
import { copyParameters } from "../copy-parameters.ts";
import { passAnswer } from "./answer.ts";
import { CHAT_READING } from "./chat-reading.ts";
import { readOpenAiError } from "./error-message.ts";
import { EMBEDDINGS_USAGE } from "./usage.ts";

export function openAiEmbeddings(adapter: AdapterName): EndpointAdapter<EmbeddingsRequest> {
  const handling = handlingBy(adapter, "embeddings");
  return {
    mapRequest(call) {
      const copied = copyParameters(call, handling);
      if (copied.kind === "refusal") return copied;
      const { fields, extraParameters } = copied;
      fields.model = call.model;
      return {
        kind: "request",
        path: "/embeddings",
        body: JSON.stringify(fields),
        imageBytes: 0,
        extraParameters,
      };
    },
    mapResponse: passAnswer,
    mapStream: () => null,
    // Nothing is streamed.
    reading: CHAT_READING,
    usage: EMBEDDINGS_USAGE,
    quality: () => NOTHING_WRONG,
    readError: readOpenAiError,
  };
}
