import { type Dispatcher, Pool } from "undici";
import { CallHandler } from "./call-handler.ts";
import type { ProviderFailure } from "./provider-client.ts";

/** Posts to one provider on a pool of kept-alive connections. */
export interface HttpChannel {
  post(call: HttpCall): Promise<HttpAnswer>;
  /** Takes no more calls; resolves when those under way are over. */
  retire(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

export interface CallPatience {
  /** The whole call may take that long, its stream included. */
  readonly timeoutMs: number;
  /** Of a stream: until the answer begins, and between two parts of it. Absent: only the whole is bounded. To the second. */
  readonly firstByteTimeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
}

export interface HttpCall extends CallPatience {
  /** Path below the provider's base URL: `/chat/completions`. */
  readonly path: string;
  readonly body: Buffer | string;
  /** Beside those of each call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export type HttpAnswer =
  | { readonly kind: "json"; readonly contentType: string; readonly body: Buffer }
  | { readonly kind: "stream"; readonly contentType: string; readonly stream: ByteStream }
  | ProviderFailure;

/** Bytes of a streamed answer as they come. What comes before `start` is kept, up to a limit. */
export interface ByteStream {
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

export interface HttpChannelOptions {
  /** From the catalog only. Without a trailing slash. */
  readonly baseUrl: string;
  /** Sent with each call: the provider's key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connections?: number;
}

const DEFAULT_CONNECTIONS = 512;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** The call's own timer bounds all of it, from the connection to the last byte. */
const NO_TIMEOUT = 0;

export function openHttpChannel(options: HttpChannelOptions): HttpChannel {
  const url = new URL(options.baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const pool = new Pool(url.origin, {
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  const headers = { "content-type": "application/json", accept: "*/*", ...options.headers };
  return {
    post: (call) =>
      new Promise((resolve) => {
        const dispatch: Dispatcher.DispatchOptions = {
          method: "POST",
          path: prefix + call.path,
          headers: call.headers === undefined ? headers : { ...headers, ...call.headers },
          body: call.body,
          headersTimeout: call.firstByteTimeoutMs ?? NO_TIMEOUT,
          bodyTimeout: call.idleTimeoutMs ?? NO_TIMEOUT,
        };
        pool.dispatch(dispatch, new CallHandler(call.timeoutMs, resolve));
      }),
    retire: () => pool.close(),
    close: () => pool.destroy(),
  };
}
