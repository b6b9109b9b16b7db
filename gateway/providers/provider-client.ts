import type { Attempt } from "../../models/domain/request-event.ts";

/**
 * One call to one provider, behind one interface for every adapter. The caller reserves the cost before and settles it after;
 * a client neither retries nor falls back.
 */
export interface ProviderClient {
  call(call: ProviderCall): Promise<ProviderAnswer>;
  close(): Promise<void>;
}

export interface ProviderCall {
  /** Path below the provider's base URL: `/chat/completions`. */
  readonly path: string;
  readonly body: Buffer | string;
  /** The whole call may take that long, its stream included. */
  readonly timeoutMs: number;
}

/** A failure is a value: the caller decides what comes next. */
export type ProviderAnswer =
  | { readonly kind: "json"; readonly contentType: string; readonly body: Buffer }
  | { readonly kind: "stream"; readonly contentType: string; readonly stream: AnswerStream }
  | ProviderFailure;

export interface ProviderFailure {
  readonly kind: "failure";
  readonly failure: Exclude<Attempt["outcome"], "ok" | "aborted">;
  /** HTTP status of the provider, 0 when there was none. */
  readonly status: number;
  /** The provider may have done the work and charge for it: it got the request, and did not answer with an error. */
  readonly mayBeBilled: boolean;
  /** The provider's own body, for a rejected request: it tells the caller what to mend. Otherwise empty. */
  readonly body: Buffer;
  /** From the provider's `retry-after`. */
  readonly retryAfterSeconds: number | null;
}

/** Bytes of a streamed answer as they come. Nothing is read before `start`. */
export interface AnswerStream {
  start(reader: StreamReader): void;
  pause(): void;
  resume(): void;
  /** Ends the call; no more is read, and the reader hears nothing. */
  abort(): void;
}

export interface StreamReader {
  onChunk(chunk: Buffer): void;
  onEnd(): void;
  /** The stream broke off, or took too long. */
  onError(error: Error): void;
}
