import { parseRequest } from "../../../gateway/parse-request.ts";
import type { AdapterCall, EndpointAdapter } from "../../../gateway/providers/adapter.ts";
import type { StreamReader } from "../../../gateway/providers/http-channel.ts";
import { mappedStream } from "../../../gateway/providers/map-stream.ts";
import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import type { ParsedRequest } from "../../../models/domain/parameters/request-parameters.ts";
import type { ResponsesRequest } from "../../../models/domain/parameters/responses-parameters.ts";
import { factsOf } from "../../../models/policy/request-facts.ts";

export const NOW_SECONDS = 1_800_000_000;

/** A chat as its adapter gets it; throws for a body that the parser refuses. */
export function callWith(
  body: Record<string, unknown>,
  more: Partial<AdapterCall<ChatRequest>> = {},
): AdapterCall<ChatRequest> {
  const given = { model: "auto", messages: [{ role: "user", content: "Hello" }], ...body };
  const parsed = parseRequest("chat", bytesOf(given), NO_NAMES);
  if (parsed.endpoint !== "chat") throw new Error("it is no chat");
  return { ...settingsOf(parsed), body: parsed.body, ...more };
}

/** The same for `/v1/responses`. */
export function responsesCallWith(
  body: Record<string, unknown>,
  more: Partial<AdapterCall<ResponsesRequest>> = {},
): AdapterCall<ResponsesRequest> {
  const parsed = parseRequest("responses", bytesOf({ model: "auto", input: "Hello", ...body }), NO_NAMES);
  if (parsed.endpoint !== "responses") throw new Error("it is no response");
  return { ...settingsOf(parsed), body: parsed.body, ...more };
}

const NO_NAMES: ReadonlySet<string> = new Set();

function bytesOf(body: object): Buffer {
  return Buffer.from(JSON.stringify(body));
}

function settingsOf(parsed: ParsedRequest) {
  return {
    extra: null,
    extraParameters: new Map(),
    outputLimitParameter: "max_tokens" as const,
    imageBytes: factsOf(parsed, 0).imageBytes,
    model: "a-model",
    maxOutputTokens: 100,
    isSimulated: false,
    nowSeconds: NOW_SECONDS,
  };
}

/** The request as the provider gets it; throws where the adapter refuses. */
export function mappedRequest<Body>(
  adapter: EndpointAdapter<Body>,
  call: AdapterCall<Body>,
): { path: string; body: unknown } {
  const mapped = adapter.mapRequest(call);
  if (mapped.kind === "refusal") throw new Error(mapped.message);
  return { path: mapped.path, body: JSON.parse(mapped.body) };
}

export interface HeardStream {
  readonly text: string;
  /** `error`: the stream broke off. */
  readonly end: "end" | "error";
}

/** What an app gets of a provider's bytes, in reads of some length each. */
export function hear<Body>(
  adapter: EndpointAdapter<Body>,
  { call, bytes, readBytes = bytes.length }: { call: AdapterCall<Body>; bytes: Buffer; readBytes?: number },
): HeardStream {
  const mapper = adapter.mapStream(call);
  if (mapper === null) throw new Error("the bytes pass as they come");
  let text = "";
  let end: HeardStream["end"] | null = null;
  const reader: StreamReader = {
    onChunk: (chunk) => (text += chunk.toString("utf8")),
    onEnd: () => (end ??= "end"),
    onError: () => (end ??= "error"),
  };
  const upstream = {
    start(given: StreamReader) {
      for (let at = 0; at < bytes.length && end === null; at += readBytes)
        given.onChunk(bytes.subarray(at, at + readBytes));
      if (end === null) given.onEnd();
    },
    pause() {},
    resume() {},
    abort() {},
  };
  mappedStream(upstream, { mapper, reading: adapter.reading, usage: adapter.usage }).start(reader);
  if (end === null) throw new Error("the stream has no end");
  return { text, end };
}

export function eventsOf(text: string): unknown[] {
  return text
    .split("\n\n")
    .map((event) => event.replace(/^(?:event: .*\n)?data: /, ""))
    .filter((data) => data.startsWith("{"))
    .map((data) => JSON.parse(data));
}
