import type { Readable } from "node:stream";
import type { z } from "zod";

/**
 * The warehouse as the rest of the product uses it: `@clickhouse/client` over HTTP behind it in every set-up.
 * Every failure throws {@link WarehouseError}; a failed query is never an empty answer.
 */
export interface Warehouse {
  /** Runs a query from a `.sql` file (or given text) with `{name:Type}` parameters; each row is parsed by `row`. */
  query<Row>(query: WarehouseQuery<Row>): Promise<Row[]>;
  /** Inserts rows given as objects: for small tables written by jobs. */
  insert(table: string, rows: readonly object[], options?: InsertOptions): Promise<void>;
  /** Inserts NDJSON bytes as they are: for the sink. */
  insertRaw(table: string, ndjson: Buffer | Readable, options?: InsertOptions): Promise<void>;
  /** Runs a statement without an answer, with `{name:Type}` parameters: migrations, rollups. */
  command(sql: string, params?: Readonly<Record<string, unknown>>): Promise<void>;
  /** The answer's bytes in a ClickHouse format: for the `sql` command and CSV export. */
  stream(sql: string, format: string): Promise<Readable>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

export interface WarehouseQuery<Row> {
  readonly sql: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly row: z.ZodType<Row>;
  readonly signal?: AbortSignal;
  /** Counts what comes of real requests alone, nothing of simulated ones. Default: everything. */
  readonly liveOnly?: boolean;
}

export interface InsertOptions {
  /** Equal tokens insert once: give the same one when an insert is tried again. */
  readonly deduplicationToken?: string;
}

/** `retryable`: the server could not be reached or was overloaded; the same call may succeed later. */
export class WarehouseError extends Error {
  readonly retryable: boolean;
  /** ClickHouse's error code, or null when the server did not answer. */
  readonly code: string | null;

  constructor(message: string, options: { retryable: boolean; code?: string | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = "WarehouseError";
    this.retryable = options.retryable;
    this.code = options.code ?? null;
  }
}
