import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";

/** What a client of ClickHouse's HTTP interface asks: GET or POST, the query as a parameter, as the body, or a part in each. */
export interface GateRequest {
  readonly sql: string;
  /** Settings, formats and `param_*`; nothing that says who asks. */
  readonly params: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

export interface GateCredentials {
  readonly user: string;
  readonly password: string;
}

/** The engine reads no more of a query than this (`max_query_size`), with what the gate puts in front of it. */
export const MAX_QUERY_BYTES = 260_000;

/** A request that cannot be understood; the message says why. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadRequest";
  }
}

/** Who asks is the gate's to say, and so is that readers only read; sessions would only keep what readers may not make. */
const DROPPED_PARAMS = [
  "query",
  "user",
  "password",
  "role",
  "quota_key",
  "profile",
  "readonly",
  "session_id",
  "session_timeout",
  "session_check",
  "close_session",
];
const FORWARDED_HEADERS = ["accept-encoding", "user-agent", "x-clickhouse-format", "x-clickhouse-database"];
const DECODERS: Readonly<
  Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Null: none are given. As with ClickHouse they come by `Authorization: Basic`, by `X-ClickHouse-*` headers or by parameters. */
export function readCredentials(request: IncomingMessage, params: URLSearchParams): GateCredentials | null {
  const { authorization } = request.headers;
  const basic = /^Basic ([A-Za-z0-9+/=]{1,400})$/i.exec(authorization ?? "")?.[1];
  if (basic !== undefined) {
    const [user = "", ...password] = Buffer.from(basic, "base64").toString("utf8").split(":");
    return { user, password: password.join(":") };
  }
  if (authorization !== undefined) return null;
  const user = oneHeader(request, "x-clickhouse-user") ?? params.get("user");
  const password = oneHeader(request, "x-clickhouse-key") ?? params.get("password");
  return user === null || password === null ? null : { user, password };
}

/** Throws {@link BadRequest}. */
export async function readGateRequest(request: IncomingMessage, url: URL): Promise<GateRequest> {
  if (/multipart\//i.test(request.headers["content-type"] ?? "")) {
    throw new BadRequest("external tables are not for readers");
  }
  if (["1", "true"].includes(url.searchParams.get("decompress") ?? "")) {
    throw new BadRequest("send the query uncompressed, or with Content-Encoding: gzip");
  }
  const parts = [url.searchParams.get("query") ?? "", await readBody(request)];
  const sql = parts.filter((part) => part.trim() !== "").join("\n");
  if (Buffer.byteLength(sql) > MAX_QUERY_BYTES) throw tooLong();
  const params = new URLSearchParams(url.searchParams);
  for (const name of DROPPED_PARAMS) params.delete(name);
  const headers: Record<string, string> = {};
  for (const name of FORWARDED_HEADERS) {
    const value = oneHeader(request, name);
    if (value !== null) headers[name] = value;
  }
  return { sql, params, headers };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_QUERY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const encoding = request.headers["content-encoding"]?.toLowerCase();
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body.toString("utf8");
  const decode = DECODERS[encoding];
  if (decode === undefined) throw new BadRequest(`the query's Content-Encoding ${encoding} is not known`);
  try {
    return (await decode(body, { maxOutputLength: MAX_QUERY_BYTES })).toString("utf8");
  } catch (cause) {
    throw new BadRequest(
      `the query is no valid ${encoding}, or longer than ${MAX_QUERY_BYTES} bytes: ${String(cause)}`,
    );
  }
}

function tooLong(): BadRequest {
  return new BadRequest(`the query is longer than ${MAX_QUERY_BYTES} bytes`);
}

function oneHeader(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}
