import { WarehouseError } from "../warehouse/warehouse.ts";
import type { Refusal } from "./dead-letter.ts";
import type { Row } from "./ndjson.ts";

export interface InsertTarget {
  /** Inserts rows of the batch, all or none; rejects with {@link WarehouseError}. */
  insert(rows: readonly Row[]): Promise<void>;
  /** Inserts nothing, in the same way; rejects with {@link WarehouseError} when the table, not a row, is at fault. */
  probe(): Promise<void>;
}

export interface Inserted {
  readonly inserted: number;
  readonly refused: readonly Refusal[];
}

/** ClickHouse's codes for "this row is wrong". */
const ROW_FAULT_CODES: ReadonlySet<string> = new Set([
  "6", // CANNOT_PARSE_TEXT
  "25", // CANNOT_PARSE_ESCAPE_SEQUENCE
  "26", // CANNOT_PARSE_QUOTED_STRING
  "27", // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  "33", // CANNOT_READ_ALL_DATA
  "38", // CANNOT_PARSE_DATE
  "41", // CANNOT_PARSE_DATETIME
  "53", // TYPE_MISMATCH
  "69", // ARGUMENT_OUT_OF_BOUND
  "70", // CANNOT_CONVERT_TYPE
  "72", // CANNOT_PARSE_NUMBER
  "117", // INCORRECT_DATA
  "130", // CANNOT_READ_ARRAY_FROM_TEXT
  "131", // TOO_LARGE_STRING_SIZE
  "321", // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  "349", // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  "376", // CANNOT_PARSE_UUID
  "407", // DECIMAL_OVERFLOW
  "467", // CANNOT_PARSE_BOOL
  "469", // VIOLATED_CONSTRAINT
]);

/**
 * Inserts what can be inserted of a batch and names what cannot: a batch that is refused is halved until the bad rows stand alone.
 * A row that fails alone with a code that is not known is at fault when the table takes other rows, or takes an empty insert.
 *
 * Rejects when the table, not a row, is at fault (missing, no rights) or the warehouse cannot be reached:
 * nothing may become a dead letter for that.
 */
export async function insertIsolatingBadRows(rows: readonly Row[], target: InsertTarget): Promise<Inserted> {
  const search: Search = { target, inserted: 0, refused: [], tableIsSound: false };
  await insertHalving(rows, search);
  return { inserted: search.inserted, refused: search.refused };
}

interface Search {
  readonly target: InsertTarget;
  inserted: number;
  readonly refused: Refusal[];
  tableIsSound: boolean;
}

async function insertHalving(rows: readonly Row[], search: Search): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const error = await tryInsert(rows, search.target);
  if (error === null) {
    search.inserted += rows.length;
    search.tableIsSound = true;
    return;
  }
  if (rows.length > 1) {
    const middle = rows.length >> 1;
    await insertHalving(rows.slice(0, middle), search);
    await insertHalving(rows.slice(middle), search);
    return;
  }
  if (!isRowFault(error) && !search.tableIsSound) {
    await search.target.probe();
    search.tableIsSound = true;
  }
  search.refused.push({ entry: first.entry, reason: describeRefusal(error), isPoison: false });
}

async function tryInsert(rows: readonly Row[], target: InsertTarget): Promise<WarehouseError | null> {
  try {
    await target.insert(rows);
    return null;
  } catch (error) {
    if (error instanceof WarehouseError && !error.retryable) return error;
    throw error;
  }
}

function isRowFault(error: WarehouseError): boolean {
  return error.code !== null && ROW_FAULT_CODES.has(error.code);
}

/** The server's message quotes the row; of it only the names of a column and of a constraint are told. */
function describeRefusal({ code, message }: WarehouseError): string {
  const [, column] = /while reading the value of key (\w{1,64})/.exec(message) ?? [];
  const [, constraint] = /Constraint `(\w{1,64})`/.exec(message) ?? [];
  const at = column === undefined ? "" : `, column ${column}`;
  const against = constraint === undefined ? "" : `, constraint ${constraint}`;
  return `the warehouse refuses it: ClickHouse's error ${code ?? "without a code"}${at}${against}`;
}
