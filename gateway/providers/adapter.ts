import type { ChatRequest } from "../../models/domain/parameters/chat-parameters.ts";
import type { RequestBodies } from "../../models/domain/parameters/request-parameters.ts";
import type { Endpoint } from "../model-request.ts";
import type { AnswerQuality, AnswerWish } from "../quality/answer-quality.ts";
import type { StreamReading } from "../stream-reading.ts";
import type { UsageForm } from "../usage-report.ts";
import type { StreamMapper } from "./map-stream.ts";
import type { CallTarget } from "./provider-client.ts";

/** How one kind of provider is spoken to. Pure: no adapter does I/O; {@link openAdaptedClient} does it for all of them. */
export interface ProviderAdapter {
  /** The headers that carry the key. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /** What it can serve; an endpoint that is missing is one that it refuses. */
  readonly endpoints: { readonly [Name in Endpoint]?: EndpointAdapter<RequestBodies[Name]> };
}

/** `Body`: what of the request is mapped, parsed by the table of parameters. */
export interface EndpointAdapter<Body> {
  /** Builds what is sent, of the parameters that the table has for the adapter and of nothing else. */
  mapRequest(call: AdapterCall<Body>): MappedRequest | Refusal;
  /** The provider's answer, parsed, in the endpoint's form; null when it is none. */
  mapResponse(answer: unknown, call: AdapterCall<Body>): MappedResponse | null;
  /** Null: the provider streams the endpoint's form already, and the bytes pass as they come. */
  mapStream(call: AdapterCall<Body>): StreamMapper | null;
  /** Of the endpoint's form: what apps get. */
  readonly reading: StreamReading;
  /** Of the provider's own form. */
  readonly usage: UsageForm;
  /** Of a JSON answer in the endpoint's form. */
  quality(answer: unknown, wish: AnswerWish): AnswerQuality;
  /** What a refusal (status 400 and the like) says. */
  readError(body: unknown): ProviderError;
}

/** Chat: what its answers are told with is known of other endpoints' calls, too, which are asked by chat. */
export interface ChatAdapter extends EndpointAdapter<ChatRequest> {
  mapResponse(answer: unknown, context: AnswerContext): MappedResponse | null;
  mapStream(context: AnswerContext): StreamMapper | null;
}

export interface ProviderError {
  /** Null: nothing that can be read. */
  readonly message: string | null;
  /** False: it is the operator's to mend (a wrong key), and another provider may do. */
  readonly isCallers: boolean;
}

export interface AdapterCall<Body> extends AnswerContext {
  readonly body: Body;
  /** Parameters beside the table's: those that the target allows are sent, any other one is refused. Null: none. */
  readonly extra: Readonly<Record<string, unknown>> | null;
  readonly extraParameters: CallTarget["extraParameters"];
  readonly outputLimitParameter: CallTarget["outputLimitParameter"];
  readonly maxOutputTokens: number;
  /** Characters of images in the request that are sent along as data. */
  readonly imageBytes: number;
  /** The stand-in answers: it is told by `metadata` how to behave. */
  readonly isSimulated: boolean;
}

/** What an answer is told with, where the provider does not say it. */
export interface AnswerContext {
  readonly model: string;
  /** Seconds since the epoch, for forms that say when an answer was made. */
  readonly nowSeconds: number;
}

export interface MappedRequest {
  readonly kind: "request";
  /** Below the provider's base URL. */
  readonly path: string;
  readonly body: string;
  /** Characters of the body that are inside images. */
  readonly imageBytes: number;
  /** Names of the target's extra parameters that are in it. */
  readonly extraParameters: readonly string[];
}

/** The provider cannot do what the request asks for, or what it would cost has no bound. */
export interface Refusal {
  readonly kind: "refusal";
  readonly message: string;
}

export interface MappedResponse {
  /** Null: the bytes pass as they came. */
  readonly body: object | null;
}

export function refusal(message: string): Refusal {
  return { kind: "refusal", message };
}
