import { once } from "node:events";
import http from "node:http";

/** What one call is answered with. */
export type Script = (response: http.ServerResponse, request: http.IncomingMessage) => void;

/** A provider of a few lines: each call is answered by the script in force for the path's first part. */
export interface ScriptedProvider {
  /** Base URL of the provider of that name. */
  urlOf(name: string): string;
  play(name: string, script: Script): void;
  calls(name: string): number;
  /** What came, in order: the path below the provider's name, and the body's bytes. */
  received(name: string): readonly ReceivedCall[];
  close(): Promise<void>;
}

export interface ReceivedCall {
  readonly path: string;
  readonly body: Buffer;
}

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const scripts = new Map<string, Script>();
  const calls = new Map<string, number>();
  const received = new Map<string, ReceivedCall[]>();
  const server = http.createServer((request, response) => {
    const name = request.url?.split("/")[1] ?? "";
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.once("end", () => {
      const path = (request.url ?? "").slice(`/${name}/v1`.length);
      received.set(name, [...(received.get(name) ?? []), { path, body: Buffer.concat(parts) }]);
      (scripts.get(name) ?? answerWith())(response, request);
    });
    response.on("error", () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    urlOf: (name) => `http://127.0.0.1:${port}/${name}/v1`,
    play: (name, script) => void scripts.set(name, script),
    calls: (name) => calls.get(name) ?? 0,
    received: (name) => received.get(name) ?? [],
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export const USAGE = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 };

/** A complete JSON answer; `usage` null leaves it out. */
export function answerWith(content = "hello", usage: object | null = USAGE): Script {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "1",
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
        ...(usage === null ? {} : { usage }),
      }),
    );
  };
}

export function fail(status: number, headers: Record<string, string> = {}): Script {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message: "no", type: "error", code: null } }));
  };
}

/** The events of a complete stream that says "hello", as one text. */
export function streamText(newline = "\n", usage: object | null = USAGE): string {
  const chunk = (delta: object, reason: string | null) =>
    JSON.stringify({
      id: "1",
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
  const events = [
    chunk({ role: "assistant", content: "hel" }, null),
    chunk({ content: "lö" }, null),
    chunk({}, "stop"),
    ...(usage === null
      ? []
      : [JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [], usage })]),
    "[DONE]",
  ];
  return events.map((event) => `data: ${event}${newline}${newline}`).join("");
}

/** Sends a stream in parts, each in a write of its own; `cut` breaks the connection after them. */
export function streamIn(parts: readonly Buffer[], cut = false): Script {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const next = (at: number): void => {
      const part = parts[at];
      if (part === undefined) {
        if (cut) response.destroy();
        else response.end();
        return;
      }
      response.write(part);
      setImmediate(next, at + 1);
    };
    next(0);
  };
}
