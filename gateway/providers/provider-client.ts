import type { Provider } from "../../models/domain/catalog.ts";
import type { TokenUsage } from "../../models/domain/price.ts";
import type { Attempt } from "../../models/domain/request-event.ts";
import type { RequestFacts } from "../../models/policy/request-facts.ts";
import type { ModelRequest } from "../model-request.ts";
import type { AnswerQuality } from "../quality/answer-quality.ts";
import type { StreamReading } from "../stream-reading.ts";
import type { UsageTally } from "../usage-report.ts";
import type { ByteStream, CallPatience } from "./http-channel.ts";

/**
 * One call to one provider, behind one interface for every adapter: the app's request goes in, an answer in the form that the app
 * expects comes out. The caller reserves the cost between the two steps and settles it after; a client neither retries nor falls back.
 */
export interface ProviderClient {
  /** Writes what is to be sent. A failure: this kind of provider cannot do what is asked for. No I/O. */
  prepare(call: ProviderCall): PreparedCall | ProviderFailure;
  /** Takes no more calls; resolves when those under way are over. */
  retire(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

export interface ProviderCall {
  readonly request: ModelRequest;
  readonly facts: Pick<RequestFacts, "imageBytes">;
  /** How the catalog has it: the provider's name of the model, and which parameters it takes. */
  readonly target: CallTarget;
  /** Of one choice. Imposed on the provider, since the reservation holds no more. */
  readonly maxOutputTokens: number;
}

export type CallTarget = Pick<Provider, "model" | "outputLimitParameter" | "extraParameters">;

export interface PreparedCall {
  readonly kind: "prepared";
  /** Bytes of the body without what is inside images: what the bound of the input is counted by. */
  readonly textBytes: number;
  /** Names of the target's `extraParameters` that are in it. */
  readonly extraParameters: readonly string[];
  send(delivery: Delivery): Promise<ProviderAnswer>;
}

export interface Delivery extends CallPatience {
  /** Sent beside the provider's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A failure is a value: the caller decides what comes next. */
export type ProviderAnswer =
  | {
      readonly kind: "json";
      readonly contentType: string;
      readonly body: Buffer;
      /** The body, parsed. */
      readonly document: unknown;
      /** Null: the provider did not report it. */
      readonly usage: TokenUsage | null;
      readonly quality: AnswerQuality;
      /** What the provider calls the model that answered; empty: not said. */
      readonly model: string;
    }
  | { readonly kind: "stream"; readonly contentType: string; readonly stream: AnswerStream }
  | ProviderFailure;

export interface ProviderFailure {
  readonly kind: "failure";
  readonly failure: Exclude<Attempt["outcome"], "ok" | "aborted">;
  /** HTTP status of the provider, 0 when there was none. */
  readonly status: number;
  /** Usage that came with it all the same: the whole answer had come, but it is none. */
  readonly usage: TokenUsage | null;
  /** The provider may have done the work and charge for it: it got the request, and did not answer with an error. */
  readonly mayBeBilled: boolean;
  /** For a rejected request: `{ error: { message } }`, which tells the caller what to mend. Otherwise the provider's own, or empty. */
  readonly body: Buffer;
  /** From the provider's `retry-after`. */
  readonly retryAfterSeconds: number | null;
}

/** A streamed answer in the form that the app expects, and how to read it. */
export interface AnswerStream extends ByteStream {
  readonly reading: StreamReading;
  /** What the provider has reported so far; null: its bytes pass as they are, and who passes them reads it. */
  readonly tally: UsageTally | null;
}

/** Nothing was sent: this kind of provider cannot do what was asked for, and another one may. */
export function isUnable({ failure, status }: ProviderFailure): boolean {
  return failure === "rejected" && status === 0;
}
