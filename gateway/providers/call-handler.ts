import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors } from "undici";
import type { ByteStream, HttpAnswer, StreamReader } from "./http-channel.ts";
import type { ProviderFailure } from "./provider-client.ts";

const MAX_JSON_BYTES = 32 << 20;
const MAX_ERROR_BYTES = 64 << 10;
const MAX_RETRY_AFTER_SECONDS = 3600;
/** As much as a socket is read at once. */
const MAX_EARLY_BYTES = 64 << 10;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Turns undici's callbacks into one {@link HttpAnswer}: a JSON answer when it is complete, a stream when its first bytes have
 * come (until then another provider can still be tried), a failure otherwise. `answer` is called exactly once.
 */
export class CallHandler implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #answer: (answer: HttpAnswer) => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #contentType = "";
  #retryAfterSeconds: number | null = null;
  #answered = false;
  #timedOut = false;
  #stream: PendingStream | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(timeoutMs: number, answer: (answer: HttpAnswer) => void) {
    this.#timeoutMs = timeoutMs;
    this.#answer = answer;
    this.#timer = setTimeout(CallHandler.#onTimeout, timeoutMs, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#timedOut) controller.abort(new Error("the call is over"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#contentType = textOf(headers["content-type"]);
    this.#retryAfterSeconds = retryAfterOf(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stream !== null) {
      this.#stream.push(chunk);
    } else if (isStream(this.#status, this.#contentType)) {
      const stream = new PendingStream(controller, this.#timer);
      this.#stream = stream;
      stream.push(chunk);
      this.#finish({ kind: "stream", contentType: this.#contentType, stream });
    } else {
      this.#bytes += chunk.length;
      const isTooLong = this.#bytes > (isSuccess(this.#status) ? MAX_JSON_BYTES : MAX_ERROR_BYTES);
      if (isTooLong) controller.abort(new Error("the provider's answer is too long"));
      else this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    if (this.#stream !== null) this.#stream.end();
    else if (!isSuccess(this.#status)) this.#fail(failureOf(this.#status), this.#takeBody());
    else if (!isJson(this.#contentType)) this.#fail("invalid-answer");
    else this.#finish({ kind: "json", contentType: this.#contentType, body: this.#takeBody() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer);
    if (this.#stream !== null) this.#stream.fail(error);
    else if (this.#timedOut || error instanceof errors.HeadersTimeoutError) this.#fail("timeout");
    else this.#fail(isSuccess(this.#status) ? "invalid-answer" : "connection");
  }

  #takeBody(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks);
  }

  static #onTimeout(handler: CallHandler): void {
    handler.#timedOut = true;
    // Before a connection is there, undici has nothing to abort: the caller must not wait for it.
    handler.#fail("timeout");
    handler.#controller?.abort(new Error(`the provider took longer than ${handler.#timeoutMs} ms`));
  }

  #finish(answer: HttpAnswer): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#answer(answer);
  }

  #fail(failure: ProviderFailure["failure"], body: Buffer = NOTHING): void {
    this.#finish({
      kind: "failure",
      failure,
      status: this.#status,
      usage: null,
      mayBeBilled: this.#controller !== null && this.#status < 400,
      body,
      retryAfterSeconds: this.#retryAfterSeconds,
    });
  }
}

/** Keeps what comes before the reader is there; above a limit, the socket waits for the reader. */
class PendingStream implements ByteStream {
  readonly #controller: Dispatcher.DispatchController;
  /** Of the whole call. */
  readonly #timer: NodeJS.Timeout;
  #reader: StreamReader | null = null;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  /** The socket waits, because more came early than is kept; */
  #isHeld = false;
  /** or because the reader has said so. */
  #isPaused = false;
  /** How it ended before the reader was there. */
  #over: "complete" | Error | null = null;

  constructor(controller: Dispatcher.DispatchController, timer: NodeJS.Timeout) {
    this.#controller = controller;
    this.#timer = timer;
  }

  push(chunk: Buffer): void {
    if (this.#reader === null) this.#keep(chunk);
    else this.#reader.onChunk(chunk);
  }

  #keep(chunk: Buffer): void {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes < MAX_EARLY_BYTES || this.#isHeld) return;
    this.#isHeld = true;
    this.#controller.pause();
  }

  end(): void {
    if (this.#reader === null) this.#over = "complete";
    else this.#reader.onEnd();
  }

  fail(error: Error): void {
    if (this.#reader === null) this.#over = error;
    else this.#reader.onError(error);
  }

  /** What is read while the early chunks are handed over, as when the reader resumes, comes after them. */
  start(reader: StreamReader): void {
    for (let chunk = this.#early.shift(); chunk !== undefined; chunk = this.#early.shift())
      reader.onChunk(chunk);
    this.#reader ??= reader;
    if (this.#over === "complete") this.#reader.onEnd();
    else if (this.#over !== null) this.#reader.onError(this.#over);
    else if (this.#isHeld && !this.#isPaused) this.#controller.resume();
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#controller.resume();
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#reader = DEAF;
    this.#early = [];
    this.#controller.abort(new Error("the gateway ended the call"));
  }
}

const DEAF: StreamReader = { onChunk: ignore, onEnd: ignore, onError: ignore };

function ignore(): void {}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isStream(status: number, contentType: string): boolean {
  return isSuccess(status) && contentType.startsWith("text/event-stream");
}

function isJson(contentType: string): boolean {
  return contentType.startsWith("application/json");
}

function failureOf(status: number): ProviderFailure["failure"] {
  if (status === 429) return "rate-limited";
  if (status === 408) return "timeout";
  // A wrong key or an unknown model at the provider is the operator's mistake, not the caller's.
  if (status >= 500 || status === 401 || status === 403 || status === 404) return "server-error";
  return status >= 400 ? "rejected" : "invalid-answer";
}

function retryAfterOf(headers: IncomingHttpHeaders): number | null {
  const value = textOf(headers["retry-after"]);
  if (value === "") return null;
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) : null;
}

function textOf(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? "";
}
