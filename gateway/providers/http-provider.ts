import { type Dispatcher, Pool } from "undici";
import { callHandler } from "./call-handler.ts";
import type { ProviderAnswer, ProviderCall, ProviderClient } from "./provider-client.ts";

export interface HttpProviderOptions {
  /** From the catalog only. Without a trailing slash. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`; null for a stand-in on loopback. */
  readonly apiKey: string | null;
  readonly connections?: number;
}

const DEFAULT_CONNECTIONS = 512;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/** A provider with OpenAI's interface over HTTP, on a pool of kept-alive connections. */
export function openHttpProvider(options: HttpProviderOptions): ProviderClient {
  const url = new URL(options.baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const pool = new Pool(url.origin, {
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The call's own timer bounds all of it, from the connection to the last byte.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const headers: Record<string, string> = { "content-type": "application/json", accept: "*/*" };
  if (options.apiKey !== null) headers["authorization"] = `Bearer ${options.apiKey}`;
  return {
    call: (call) => dispatch(pool, { path: prefix + call.path, headers }, call),
    close: () => pool.destroy(),
  };
}

function dispatch(
  pool: Pool,
  target: { path: string; headers: Record<string, string> },
  call: ProviderCall,
): Promise<ProviderAnswer> {
  return new Promise((resolve) => {
    const options: Dispatcher.DispatchOptions = {
      method: "POST",
      path: target.path,
      headers: target.headers,
      body: call.body,
    };
    pool.dispatch(options, callHandler(call.timeoutMs, resolve));
  });
}
