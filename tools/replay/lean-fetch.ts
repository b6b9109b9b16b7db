import { Readable } from "node:stream";
import { Agent } from "undici";

export interface LeanFetch {
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** A hanging gateway must not hold the replay for ever. */
const TIMEOUT_MS = 180_000;

/**
 * `fetch` over `undici.request`, for the OpenAI client's `fetch` option: the built-in one costs about a millisecond of
 * processor time a call, and a load generator that is busy with itself measures itself.
 */
export function openLeanFetch(connections: number): LeanFetch {
  const agent = new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  return {
    async fetch(url, init = {}) {
      const target = new URL(url instanceof Request ? url.url : url);
      const answer = await agent.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: init.method === "POST" ? "POST" : "GET",
        headers: Object.fromEntries(new Headers(init.headers)),
        body: typeof init.body === "string" ? init.body : null,
        ...(init.signal ? { signal: init.signal } : {}),
      });
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) {
        for (const item of [value ?? []].flat()) headers.append(name, item);
      }
      const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
      const body = isStream ? Readable.toWeb(answer.body) : await answer.body.text();
      return new Response(body, { status: answer.statusCode, headers });
    },
    close: () => agent.destroy(),
  };
}
