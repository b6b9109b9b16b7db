import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Engine, openEngine } from "./engine.ts";
import { checkBeginning, checkShow, checkSyntaxTree, type Verdict } from "./query-check.ts";
import { BadRequest, type GateRequest, readCredentials, readGateRequest } from "./read-request.ts";

export interface GateOptions {
  readonly host: string;
  readonly port: number;
  /** Of the user `reports`, the only one who is let in. */
  readonly password: string;
  readonly engineUrl: string;
  /** The header that the engine's rule for readers asks for. */
  readonly engineSecret: string;
}

export interface Gate {
  /** Whether the engine behind it answers. */
  ping(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export const READER = "reports";
/** Queries in work at once; more are refused as a busy server refuses them. */
const MAX_QUERIES = 20;
const MAX_CONNECTIONS = 200;
const RECEIVE_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;

/**
 * ClickHouse's HTTP interface for readers: it checks user and password, then the query, and lets only what reads tables go on to the engine.
 * The engine itself cannot refuse `file('/etc/passwd')` to anybody, so readers have no other way to it. Answers stream through as they are.
 * Resolves when it listens.
 */
export async function openGate(options: GateOptions): Promise<Gate> {
  const engine = openEngine({
    url: options.engineUrl,
    secret: options.engineSecret,
    connections: MAX_QUERIES,
  });
  let queries = 0;
  const server = createServer((request, response) => {
    response.on("error", () => undefined); // the client is gone; its query is cancelled by "close"
    if (queries >= MAX_QUERIES) return refuse(response, BUSY);
    queries += 1;
    response.once("close", () => {
      queries -= 1;
    });
    answer({ request, response, engine, password: options.password }).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, unanswered(error));
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = RECEIVE_TIMEOUT_MS;
  server.headersTimeout = RECEIVE_TIMEOUT_MS;
  server.listen({ host: options.host, port: options.port });
  await once(server, "listening");
  return {
    ping: (timeoutMs) => engine.ping(timeoutMs),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await engine.close();
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly engine: Engine;
  readonly password: string;
}

async function answer({ request, response, engine, password }: Exchange): Promise<void> {
  const url = new URL(request.url ?? "/", "http://gate");
  if (request.method !== "GET" && request.method !== "POST") return refuse(response, METHOD);
  if (url.pathname === "/ping") {
    const isUp = await engine.ping(PING_TIMEOUT_MS);
    response
      .writeHead(isUp ? 200 : 503, { "content-type": "text/plain" })
      .end(isUp ? "Ok.\n" : "Starting.\n");
    return;
  }
  if (url.pathname !== "/") return refuse(response, NOT_FOUND);
  const credentials = readCredentials(request, url.searchParams);
  if (credentials?.user !== READER || !isEqual(credentials.password, password)) {
    return refuse(response, UNKNOWN_USER);
  }
  const query = await readGateRequest(request, url);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const explained = await explain(engine, query, gone.signal);
  if (explained.kind === "failed") {
    response.writeHead(explained.status, explained.headers).end(explained.text);
    return;
  }
  if (!explained.verdict.allowed) return refuse(response, notAllowed(explained.verdict.reason));
  const answered = await engine.run(query, gone.signal);
  response.writeHead(answered.status, answered.headers);
  await pipeline(answered.body, response);
}

type Explained =
  | { readonly kind: "checked"; readonly verdict: Verdict }
  | {
      readonly kind: "failed";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly text: string;
    };

/** Asks the engine for the query's syntax tree, which it does not carry out. A query that cannot be parsed is answered with its error. */
async function explain(engine: Engine, query: GateRequest, signal: AbortSignal): Promise<Explained> {
  const beginning = checkBeginning(query.sql);
  if (!beginning.allowed) return { kind: "checked", verdict: beginning };
  const answered = await engine.explain(query, signal);
  if (answered.status !== 200) return { kind: "failed", ...answered };
  const show = checkShow(query.sql, answered.text);
  if (!show.allowed) return { kind: "checked", verdict: show };
  const names = await engine.functionNames();
  const isFunction = (name: string): boolean => names.has(name.toLowerCase());
  return { kind: "checked", verdict: checkSyntaxTree(answered.text, { isFunction }) };
}

/** As ClickHouse tells of a failure, so that its clients understand it. */
interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly name: string;
  readonly message: string;
}

const BUSY: Refusal = {
  status: 503,
  code: 202,
  name: "TOO_MANY_SIMULTANEOUS_QUERIES",
  message: "Too many queries",
};
const METHOD: Refusal = { status: 405, code: 48, name: "NOT_IMPLEMENTED", message: "Only GET and POST" };
const NOT_FOUND: Refusal = {
  status: 404,
  code: 60,
  name: "UNKNOWN_TABLE",
  message: "There is only / and /ping",
};
const UNKNOWN_USER: Refusal = {
  status: 403,
  code: 516,
  name: "AUTHENTICATION_FAILED",
  message: `Authentication failed: only the user ${READER} may ask here, with the password in warehouse/credentials.json`,
};

function notAllowed(reason: string): Refusal {
  return { status: 403, code: 497, name: "ACCESS_DENIED", message: `Not enough privileges: ${reason}` };
}

function unanswered(error: unknown): Refusal {
  if (error instanceof BadRequest)
    return { status: 400, code: 62, name: "SYNTAX_ERROR", message: error.message };
  return {
    status: 503,
    code: 210,
    name: "NETWORK_ERROR",
    message: `The engine does not answer: ${String(error)}`,
  };
}

function refuse(response: ServerResponse, { status, code, name, message }: Refusal): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=UTF-8",
    "x-clickhouse-exception-code": String(code),
    // What is left of the request is not read.
    connection: "close",
  });
  response.end(`Code: ${code}. DB::Exception: ${message}. (${name})\n`);
}

function isEqual(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
