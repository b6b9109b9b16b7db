import { InvalidJsonError, parseJson } from "../../models/domain/json.ts";
import type { TokenUsage } from "../../models/domain/price.ts";
import type { Cohort } from "../cohort.ts";
import { type AnswerWish, modelIn, wishOf } from "../quality/answer-quality.ts";
import { readUsage } from "../usage-report.ts";
import type { AdapterCall, EndpointAdapter, ProviderAdapter } from "./adapter.ts";
import { type HttpAnswer, openHttpChannel } from "./http-channel.ts";
import { mappedStream, passedStream } from "./map-stream.ts";
import type {
  PreparedCall,
  ProviderAnswer,
  ProviderCall,
  ProviderClient,
  ProviderFailure,
} from "./provider-client.ts";

export interface AdaptedClientOptions {
  readonly adapter: ProviderAdapter;
  /** From the catalog only. */
  readonly baseUrl: string;
  /** Null for a stand-in on loopback. */
  readonly apiKey: string | null;
  readonly isSimulated: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of all providers: their answers are read together. */
  readonly answers: Cohort;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** A provider over HTTP, spoken to as its adapter says. */
export function openAdaptedClient(options: AdaptedClientOptions): ProviderClient {
  const { adapter, baseUrl, apiKey, isSimulated, now, answers } = options;
  const channel = openHttpChannel({ baseUrl, headers: apiKey === null ? {} : adapter.authorize(apiKey) });
  return {
    prepare(call) {
      const { parsed } = call.request;
      const { endpoints } = adapter;
      switch (parsed.endpoint) {
        case "chat":
          return prepareAt(endpoints.chat, parsed, call);
        case "responses":
          return prepareAt(endpoints.responses, parsed, call);
        case "embeddings":
          return prepareAt(endpoints.embeddings, parsed, call);
      }
    },
    retire: () => channel.retire(),
    close: () => channel.close(),
  };

  function prepareAt<Body>(
    endpoint: EndpointAdapter<Body> | undefined,
    { body, extra }: { readonly body: Body; readonly extra: AdapterCall<Body>["extra"] },
    { request, facts, target, maxOutputTokens }: ProviderCall,
  ): PreparedCall | ProviderFailure {
    if (endpoint === undefined) return refused(`it has no ${request.endpoint}`);
    const { model, extraParameters, outputLimitParameter } = target;
    const { imageBytes } = facts;
    const nowSeconds = Math.floor(now() / 1000);
    const adapted = {
      body,
      extra,
      model,
      extraParameters,
      outputLimitParameter,
      maxOutputTokens,
      imageBytes,
      isSimulated,
      nowSeconds,
    };
    const mapped = endpoint.mapRequest(adapted);
    if (mapped.kind === "refusal") return refused(mapped.message);
    const { path, body: text } = mapped;
    return {
      kind: "prepared",
      textBytes: Buffer.byteLength(text) - mapped.imageBytes,
      extraParameters: mapped.extraParameters,
      async send({ headers, timeoutMs, firstByteTimeoutMs, idleTimeoutMs }) {
        const post = { path, body: text, headers, timeoutMs, firstByteTimeoutMs, idleTimeoutMs };
        const answer = await channel.post(post);
        await answers.join();
        return mapAnswer(answer, { endpoint, call: adapted, wish: wishOf(request.body) });
      },
    };
  }
}

interface Asked<Body> {
  readonly endpoint: EndpointAdapter<Body>;
  readonly call: AdapterCall<Body>;
  readonly wish: AnswerWish;
}

function mapAnswer<Body>(answer: HttpAnswer, { endpoint, call, wish }: Asked<Body>): ProviderAnswer {
  if (answer.kind === "failure") return mapFailure(answer, endpoint);
  const { contentType, kind } = answer;
  if (kind === "stream") {
    const mapper = endpoint.mapStream(call);
    const { reading } = endpoint;
    const stream =
      mapper === null
        ? passedStream(answer.stream, reading)
        : mappedStream(answer.stream, { mapper, reading, usage: endpoint.usage });
    return { kind, contentType: mapper === null ? contentType : "text/event-stream; charset=utf-8", stream };
  }
  const parsed = parse(answer.body);
  const usage = readUsage(endpoint.usage, parsed);
  const response = parsed === undefined ? null : endpoint.mapResponse(parsed, call);
  if (response === null) return invalidAnswer(usage);
  const body = response.body === null ? answer.body : Buffer.from(JSON.stringify(response.body));
  const document = response.body ?? parsed;
  const quality = endpoint.quality(document, wish);
  return { kind, contentType, body, document, usage, quality, model: modelIn(document) };
}

/** The caller is told in one form what to mend, whatever the provider's own is. */
function mapFailure(
  answer: ProviderFailure,
  endpoint: Pick<EndpointAdapter<never>, "readError" | "usage">,
): ProviderFailure {
  if (answer.body.length === 0) return answer;
  const parsed = parse(answer.body);
  const usage = readUsage(endpoint.usage, parsed);
  if (answer.failure !== "rejected") return { ...answer, usage };
  const { message, isCallers } = endpoint.readError(parsed);
  const body = message === null ? NOTHING : errorBody(message);
  return { ...answer, failure: isCallers ? "rejected" : "server-error", body, usage };
}

/** An answer that cannot be read counts as a failure of the provider, which may have charged for it. */
function invalidAnswer(usage: TokenUsage | null): ProviderFailure {
  return {
    kind: "failure",
    failure: "invalid-answer",
    status: 200,
    usage,
    mayBeBilled: true,
    body: NOTHING,
    retryAfterSeconds: null,
  };
}

/** Nothing was sent. */
function refused(message: string): ProviderFailure {
  return {
    kind: "failure",
    failure: "rejected",
    status: 0,
    usage: null,
    mayBeBilled: false,
    body: errorBody(message),
    retryAfterSeconds: null,
  };
}

function errorBody(message: string): Buffer {
  return Buffer.from(JSON.stringify({ error: { message } }));
}

/** Undefined: it is no JSON. */
function parse(body: Buffer): unknown {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof InvalidJsonError) return undefined;
    throw error;
  }
}
