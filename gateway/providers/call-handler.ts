import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors } from "undici";
import type { ByteStream, HttpAnswer, StreamReader } from "./http-channel.ts";
import type { ProviderFailure } from "./provider-client.ts";

const MAX_JSON_BYTES = 32 << 20;
const MAX_ERROR_BYTES = 64 << 10;
const MAX_RETRY_AFTER_SECONDS = 3600;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Turns undici's callbacks into one {@link HttpAnswer}: a JSON answer when it is complete, a stream when its first bytes have
 * come (until then another provider can still be tried), a failure otherwise. `answer` is called exactly once.
 */
export function callHandler(
  timeoutMs: number,
  answer: (answer: HttpAnswer) => void,
): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | null = null;
  let status = 0;
  let contentType = "";
  let retryAfterSeconds: number | null = null;
  let answered = false;
  let timedOut = false;
  let stream: PendingStream | null = null;
  let chunks: Buffer[] = [];
  let bytes = 0;

  const timer = setTimeout(() => {
    timedOut = true;
    // Before a connection is there, undici has nothing to abort: the caller must not wait for it.
    finish(failure("timeout"));
    controller?.abort(new Error(`the provider took longer than ${timeoutMs} ms`));
  }, timeoutMs);

  const finish = (result: HttpAnswer): void => {
    if (answered) return;
    answered = true;
    answer(result);
  };
  const failure = (kind: ProviderFailure["failure"], body: Buffer = NOTHING): ProviderFailure => ({
    kind: "failure",
    failure: kind,
    status,
    mayBeBilled: controller !== null && status < 400,
    body,
    retryAfterSeconds,
  });

  return {
    onRequestStart(given) {
      controller = given;
      if (timedOut) given.abort(new Error("the call is over"));
    },
    onResponseStart(_given, statusCode, headers) {
      status = statusCode;
      contentType = textOf(headers["content-type"]);
      retryAfterSeconds = retryAfterOf(headers);
    },
    onResponseData(given, chunk) {
      if (stream !== null) return stream.push(chunk);
      if (isStream(status, contentType)) {
        stream = pendingStream(given, () => clearTimeout(timer));
        stream.push(chunk);
        finish({ kind: "stream", contentType, stream });
        return;
      }
      bytes += chunk.length;
      if (bytes > (isSuccess(status) ? MAX_JSON_BYTES : MAX_ERROR_BYTES)) {
        given.abort(new Error("the provider's answer is too long"));
        return;
      }
      chunks.push(chunk);
    },
    onResponseEnd() {
      clearTimeout(timer);
      if (stream !== null) return stream.end();
      const body = chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks);
      chunks = [];
      if (isSuccess(status))
        finish(isJson(contentType) ? { kind: "json", contentType, body } : failure("invalid-answer"));
      else finish(failure(failureOf(status), body));
    },
    onResponseError(_given, error) {
      clearTimeout(timer);
      if (stream !== null) stream.fail(error);
      else if (timedOut || error instanceof errors.HeadersTimeoutError) finish(failure("timeout"));
      else finish(failure(isSuccess(status) ? "invalid-answer" : "connection"));
    },
  };
}

interface PendingStream extends ByteStream {
  push(chunk: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** Keeps what comes before the reader is there: at most one socket read, since the socket is paused meanwhile. */
function pendingStream(controller: Dispatcher.DispatchController, onOver: () => void): PendingStream {
  let reader: StreamReader | null = null;
  let early: ((reader: StreamReader) => void)[] = [];
  controller.pause();
  const tell = (event: (reader: StreamReader) => void): void => {
    if (reader === null) early.push(event);
    else event(reader);
  };
  return {
    push: (chunk) => tell((to) => to.onChunk(chunk)),
    end: () => tell((to) => to.onEnd()),
    fail: (error) => tell((to) => to.onError(error)),
    start(given) {
      reader = given;
      for (const event of early) event(given);
      early = [];
      controller.resume();
    },
    pause: () => controller.pause(),
    resume: () => controller.resume(),
    abort() {
      onOver();
      reader = { onChunk: ignore, onEnd: ignore, onError: ignore };
      controller.abort(new Error("the gateway ended the call"));
    },
  };
}

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
