import type { Readable } from "node:stream";
import { Pool } from "undici";
import type { GateRequest } from "./read-request.ts";

/** The engine as the gate reaches it: always as the reader, whatever a query or a header says. */
export interface Engine {
  /** The syntax tree of a query, one node a line. */
  explain(query: GateRequest, signal: AbortSignal): Promise<EngineText>;
  run(query: GateRequest, signal: AbortSignal): Promise<EngineAnswer>;
  /** Of every function that the engine has, in lower case. */
  functionNames(): Promise<ReadonlySet<string>>;
  ping(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface EngineText {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface EngineAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The name of the header that opens the engine's rule for readers. */
export const SECRET_HEADER = "x-vigor-warehouse";

const EXPLAIN = "EXPLAIN AST ";
const EXPLAIN_TIMEOUT_MS = 30_000;
/** Longer than `max_execution_time` may be set to. */
const ANSWER_TIMEOUT_MS = 660_000;
/** A query at its greatest length has a tree a hundred times as long at most. */
const MAX_TREE_BYTES = 32 * 2 ** 20;
/** These belong to one connection. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

export function openEngine({ url, secret, connections }: EngineOptions): Engine {
  const pool = new Pool(url, {
    connections,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const post = async (body: string, request: Omit<GateRequest, "sql">, signal: AbortSignal) =>
    pool.request({
      method: "POST",
      path: `/?${request.params.toString()}`,
      headers: { ...request.headers, [SECRET_HEADER]: secret },
      body,
      signal,
    });
  const readNames = async (): Promise<ReadonlySet<string>> => {
    const request = { params: new URLSearchParams({ default_format: "TSVRaw" }), headers: {} };
    const signal = AbortSignal.timeout(EXPLAIN_TIMEOUT_MS);
    const { statusCode, body } = await post("SELECT lower(name) FROM system.functions", request, signal);
    const text = await readText(body);
    if (statusCode !== 200) throw new Error(text);
    return new Set(text.split("\n").filter(Boolean));
  };
  let names: Promise<ReadonlySet<string>> | null = null;
  return {
    async explain(query, signal) {
      const request = { params: explainParams(query), headers: databaseOf(query) };
      const answered = await post(
        EXPLAIN + query.sql,
        request,
        AbortSignal.any([signal, AbortSignal.timeout(EXPLAIN_TIMEOUT_MS)]),
      );
      const text = await readText(answered.body);
      const code = answered.headers["x-clickhouse-exception-code"];
      return {
        status: answered.statusCode,
        headers: typeof code === "string" ? { "x-clickhouse-exception-code": code } : {},
        text: withoutPrefix(text),
      };
    },
    async run({ sql, ...request }, signal) {
      const { statusCode, headers, body } = await post(sql, request, signal);
      return { status: statusCode, headers: endToEnd(headers), body };
    },
    functionNames() {
      names ??= readNames().catch((error: unknown) => {
        names = null; // asked again with the next query
        throw error;
      });
      return names;
    },
    async ping(timeoutMs) {
      try {
        const { statusCode, body } = await pool.request({
          method: "GET",
          path: "/ping",
          headers: { [SECRET_HEADER]: secret },
          signal: AbortSignal.timeout(timeoutMs),
        });
        await body.dump();
        return statusCode === 200;
      } catch {
        return false; // refused or silent: the caller counts
      }
    },
    close: () => pool.destroy(),
  };
}

export interface EngineOptions {
  readonly url: string;
  readonly secret: string;
  readonly connections: number;
}

/** The values of a query's parameters are a part of its tree; settings are not, and could only change how the tree is printed. */
function explainParams({ params }: GateRequest): URLSearchParams {
  const kept = [...params].filter(([name]) => name.startsWith("param_"));
  return new URLSearchParams([...kept, ["default_format", "TSVRaw"]]);
}

function databaseOf({ params, headers }: GateRequest): Record<string, string> {
  const database = params.get("database") ?? headers["x-clickhouse-database"];
  return database === undefined ? {} : { "x-clickhouse-database": database };
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_TREE_BYTES) throw new Error(`an answer of more than ${MAX_TREE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function endToEnd(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string" && !HOP_BY_HOP.has(name)) kept[name] = value;
  }
  return kept;
}

/** An error tells the position in what was sent. */
function withoutPrefix(text: string): string {
  return text.replace(
    /(failed at position )(\d+)/,
    (_, before: string, position: string) => before + String(Number(position) - EXPLAIN.length),
  );
}
