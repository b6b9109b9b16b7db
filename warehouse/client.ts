import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { asWarehouseError } from "./client-errors.ts";
import { LIVE_ONLY } from "./live-rows.ts";
import { type InsertOptions, type Warehouse, WarehouseError, type WarehouseQuery } from "./warehouse.ts";

export interface WarehouseOptions {
  /** `http://user:password@host:8123/vigor`; the path is the database. */
  readonly url: string;
  /** How long a query or an insert may take. Default 30 s. */
  readonly timeoutMs?: number;
  /** Queries and inserts in flight at once; more wait for a connection. Default 10. */
  readonly maxConnections?: number;
  /** Used instead of the database in the URL: before that database exists. */
  readonly database?: string;
  /** Its tables are replicated: an insert is acknowledged when a majority of the replicas has it. */
  readonly replicated?: boolean;
  /** The server refuses everything but reading, whatever the user's rights are. */
  readonly readonly?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_CONNECTIONS = 10;

/**
 * The warehouse over HTTP.
 *
 * 64-bit integers arrive as JSON numbers, not as strings. Above 2^53 they would lose digits; zod's `.int()`
 * refuses unsafe integers, so such a row is an error and never a slightly wrong sum. Money has the same bound.
 */
export function openWarehouse(options: WarehouseOptions): Warehouse {
  const client = connect(options);
  return {
    query: (query) => guarded(() => runQuery(client, query)),
    insert: async (table, rows, insertOptions) => {
      if (rows.length === 0) return;
      await guarded(() =>
        client.insert({
          table,
          values: rows,
          format: "JSONEachRow",
          clickhouse_settings: insertSettings(insertOptions),
        }),
      );
    },
    insertRaw: (table, ndjson, insertOptions) =>
      guarded(() => insertBytes(client, { table, ndjson, options: insertOptions })),
    command: (sql, params) =>
      guarded(async () => {
        await client.command({
          query: sql,
          ...(params === undefined ? {} : { query_params: { ...params } }),
        });
      }),
    stream: (sql, format) => guarded(() => openStream(client, sql, format)),
    ping: async () => (await client.ping()).success,
    close: () => client.close(),
  };
}

function connect(options: WarehouseOptions): ClickHouseClient {
  const url = new URL(options.url);
  if (options.database !== undefined) url.pathname = `/${options.database}`;
  return createClient({
    url,
    application: "vigor",
    request_timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    max_open_connections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    // Failures are thrown to the caller, who knows what they mean; the client's own log would only repeat them.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      async_insert: 0,
      output_format_json_quote_64bit_integers: 0,
      ...(options.replicated === true ? { insert_quorum: "auto" } : {}),
      // 2: reading, with settings of one's own.
      ...(options.readonly === true ? { readonly: "2" } : {}),
    },
  });
}

async function runQuery<Row>(client: ClickHouseClient, query: WarehouseQuery<Row>): Promise<Row[]> {
  const result = await client.query({
    query: query.sql,
    format: "JSONEachRow",
    // Buffered by the server: an error in the middle of the answer becomes a failed query, not a short one.
    clickhouse_settings: { wait_end_of_query: 1, ...(query.liveOnly === true ? LIVE_ONLY : {}) },
    ...(query.params === undefined ? {} : { query_params: { ...query.params } }),
    ...(query.signal === undefined ? {} : { abort_signal: query.signal }),
  });
  const rows = await result.json<unknown>();
  return rows.map((row) => query.row.parse(row));
}

interface RawInsert {
  readonly table: string;
  readonly ndjson: Buffer | Readable;
  readonly options: InsertOptions | undefined;
}

async function insertBytes(client: ClickHouseClient, { table, ndjson, options }: RawInsert): Promise<void> {
  const values = Buffer.isBuffer(ndjson) ? Readable.from([ndjson], { objectMode: false }) : ndjson;
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} FORMAT JSONEachRow`,
    values,
    // The status is only known at the end; without waiting for it a failed insert would look like a good one.
    clickhouse_settings: {
      ...insertSettings(options),
      wait_end_of_query: 1,
      // Both cost processor time that the sink's batches do not win back: collapsing before the write took about a
      // fifth of an insert's. Readers collapse with FINAL, merges do it for good.
      optimize_on_insert: 0,
      input_format_parallel_parsing: 0,
    },
  });
  for await (const _ of stream); // an unread answer would keep the connection busy
}

function insertSettings(options: InsertOptions | undefined) {
  const token = options?.deduplicationToken;
  return token === undefined ? {} : { insert_deduplication_token: token };
}

async function openStream(client: ClickHouseClient, sql: string, format: string): Promise<Readable> {
  const { stream } = await client.exec({
    query: sql,
    // A FORMAT clause in the query wins over the header. Buffered by the server for the same reason as in a query.
    http_headers: { "X-ClickHouse-Format": format },
    clickhouse_settings: { wait_end_of_query: 1 },
  });
  return stream;
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WarehouseError) throw error;
    throw asWarehouseError(error);
  }
}
