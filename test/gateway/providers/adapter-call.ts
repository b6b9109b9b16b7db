import type { AdapterCall, EndpointAdapter } from "../../../gateway/providers/adapter.ts";
import type { StreamReader } from "../../../gateway/providers/http-channel.ts";
import { mappedStream } from "../../../gateway/providers/map-stream.ts";

export const NOW_SECONDS = 1_800_000_000;

export function callWith(body: Record<string, unknown>, more: Partial<AdapterCall> = {}): AdapterCall {
  return {
    body: { model: "auto", messages: [{ role: "user", content: "Hello" }], ...body },
    model: "a-model",
    maxOutputTokens: 100,
    isSimulated: false,
    nowSeconds: NOW_SECONDS,
    ...more,
  };
}

/** The request as the provider gets it; throws where the adapter refuses. */
export function mappedRequest(adapter: EndpointAdapter, call: AdapterCall): { path: string; body: unknown } {
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
export function hear(
  adapter: EndpointAdapter,
  { call, bytes, readBytes = bytes.length }: { call: AdapterCall; bytes: Buffer; readBytes?: number },
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
