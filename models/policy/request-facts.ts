import type { ChatRequest } from "../domain/parameters/chat-parameters.ts";
import type { ParsedRequest } from "../domain/parameters/request-parameters.ts";
import type { ResponsesRequest } from "../domain/parameters/responses-parameters.ts";

/** What of a request decides what it can cost. */
export interface RequestFacts {
  /** Bytes of the app's body without what is inside images. What is sent to a provider is counted once it is written. */
  readonly textBytes: number;
  /** Characters of images that are sent along as data. */
  readonly imageBytes: number;
  /** Images that ask for low detail, and all others. */
  readonly lowDetailImages: number;
  readonly images: number;
  readonly hasTools: boolean;
  /** The answer is to keep to a JSON schema. */
  readonly wantsJsonSchema: boolean;
  /** The lowest of the body's own limits on the output of one choice; null = it has none. */
  readonly requestedOutputTokens: number | null;
  /** Answers asked for (`n`); 0 where nothing is generated (embeddings). */
  readonly choices: number;
}

/** `bodyBytes` is the length of the JSON text that it was parsed from, uncompressed. */
export function factsOf(request: ParsedRequest, bodyBytes: number): RequestFacts {
  switch (request.endpoint) {
    case "chat":
      return chatFacts(request.body, bodyBytes);
    case "responses":
      return responsesFacts(request.body, bodyBytes);
    case "embeddings":
      return {
        textBytes: bodyBytes,
        imageBytes: 0,
        lowDetailImages: 0,
        images: 0,
        hasTools: false,
        wantsJsonSchema: false,
        requestedOutputTokens: null,
        choices: 0,
      };
  }
}

function chatFacts(body: ChatRequest, bodyBytes: number): RequestFacts {
  const seen: SeenImages = { bytes: 0, lowDetail: 0, others: 0 };
  for (const { content } of body.messages) {
    if (typeof content !== "object" || content === null) continue;
    for (const part of content) {
      if (part.type !== "image_url") continue;
      const image = typeof part.image_url === "string" ? { url: part.image_url } : part.image_url;
      addImage(seen, image);
    }
  }
  const limits = [body.max_tokens, body.max_completion_tokens].filter(isGiven);
  return {
    textBytes: bodyBytes - seen.bytes,
    imageBytes: seen.bytes,
    lowDetailImages: seen.lowDetail,
    images: seen.others,
    hasTools: isFilled(body.tools) || isFilled(body.functions),
    wantsJsonSchema: body.response_format?.type === "json_schema",
    requestedOutputTokens: limits.length === 0 ? null : Math.min(...limits),
    choices: body.n ?? 1,
  };
}

function responsesFacts(body: ResponsesRequest, bodyBytes: number): RequestFacts {
  const seen: SeenImages = { bytes: 0, lowDetail: 0, others: 0 };
  if (typeof body.input !== "string") {
    for (const item of body.input) {
      const content = "content" in item ? item.content : "output" in item ? item.output : undefined;
      if (typeof content !== "object") continue;
      for (const part of content)
        if (part.type === "input_image") addImage(seen, { url: part.image_url, detail: part.detail });
    }
  }
  return {
    textBytes: bodyBytes - seen.bytes,
    imageBytes: seen.bytes,
    lowDetailImages: seen.lowDetail,
    images: seen.others,
    hasTools: isFilled(body.tools),
    wantsJsonSchema: body.text?.format?.type === "json_schema",
    requestedOutputTokens: body.max_output_tokens ?? null,
    choices: 1,
  };
}

interface SeenImages {
  bytes: number;
  lowDetail: number;
  others: number;
}

function addImage(
  seen: SeenImages,
  { url, detail }: { readonly url: string; readonly detail?: string | null | undefined },
): void {
  if (detail === "low") seen.lowDetail += 1;
  else seen.others += 1;
  // A link is text. Of data, the length in UTF-16 units is never above the bytes that it takes in a body.
  if (/^data:/i.test(url)) seen.bytes += url.length;
}

function isGiven(value: number | null | undefined): value is number {
  return value !== undefined && value !== null;
}

function isFilled(list: readonly unknown[] | null | undefined): boolean {
  return list !== undefined && list !== null && list.length > 0;
}
