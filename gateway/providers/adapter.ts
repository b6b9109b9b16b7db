import type { Endpoint } from "../model-request.ts";
import type { AnswerQuality, AnswerWish } from "../quality/answer-quality.ts";
import type { StreamReading } from "../stream-reading.ts";
import type { UsageForm } from "../usage-report.ts";
import type { StreamMapper } from "./map-stream.ts";
import type { ProviderCall } from "./provider-client.ts";

/** How one kind of provider is spoken to. Pure: no adapter does I/O; {@link openAdaptedClient} does it for all of them. */
export interface ProviderAdapter {
  /** The headers that carry the key. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /** What it can serve; an endpoint that is missing is one that it refuses. */
  readonly endpoints: Readonly<Partial<Record<Endpoint, EndpointAdapter>>>;
}

export interface EndpointAdapter {
  mapRequest(call: AdapterCall): MappedRequest | Refusal;
  /** The provider's answer, parsed, in the endpoint's form; null when it is none. */
  mapResponse(answer: unknown, call: AdapterCall): MappedResponse | null;
  /** Null: the provider streams the endpoint's form already, and the bytes pass as they come. */
  mapStream(call: AdapterCall): StreamMapper | null;
  /** Of the endpoint's form: what apps get. */
  readonly reading: StreamReading;
  /** Of the provider's own form. */
  readonly usage: UsageForm;
  /** Of a JSON answer in the endpoint's form. */
  quality(answer: unknown, wish: AnswerWish): AnswerQuality;
  /** What a refusal (status 400 and the like) says. */
  readError(body: unknown): ProviderError;
}

export interface ProviderError {
  /** Null: nothing that can be read. */
  readonly message: string | null;
  /** False: it is the operator's to mend (a wrong key), and another provider may do. */
  readonly isCallers: boolean;
}

export interface AdapterCall extends Pick<ProviderCall, "model" | "maxOutputTokens"> {
  readonly body: ProviderCall["request"]["body"];
  /** The stand-in answers: it is told by `metadata` how to behave. */
  readonly isSimulated: boolean;
  /** Seconds since the epoch, for forms that say when an answer was made. */
  readonly nowSeconds: number;
}

export interface MappedRequest {
  readonly kind: "request";
  /** Below the provider's base URL. */
  readonly path: string;
  readonly body: string;
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
