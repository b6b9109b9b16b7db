import { WarehouseError } from "../warehouse/warehouse.ts";
import type { Refusal } from "./dead-letter.ts";
import type { Row } from "./ndjson.ts";

export interface SieveTarget {
  /** Inserts rows of the batch, all or none; rejects with {@link WarehouseError}. */
  insert(rows: readonly Row[]): Promise<void>;
  /** Why the record is not what its topic carries; null: it is. */
  faultOf(row: Row): string | null;
}

export interface Sifted {
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

/** So many single rows may fail for an unknown reason before the fault is looked for in the table instead. */
const MAX_UNDECIDED = 16;

/**
 * Inserts what can be inserted of a batch and names what cannot. A batch with a bad row costs one look at every
 * record's schema; only what passes that and is refused nevertheless is searched for by halving.
 *
 * Rejects when the table, not a row, is at fault (missing, no rights) or the warehouse cannot be reached:
 * nothing may become a dead letter for that.
 */
export async function sift(rows: readonly Row[], target: SieveTarget): Promise<Sifted> {
  const error = await tryInsert(rows, target);
  if (error === null) return { inserted: rows.length, refused: [] };
  const sound: Row[] = [];
  const refused: Refusal[] = [];
  for (const row of rows) {
    const fault = target.faultOf(row);
    if (fault === null) sound.push(row);
    else refused.push({ entry: row.entry, reason: fault });
  }
  // A fault of the table says nothing about the rows, not even about those that look wrong.
  if (!isRowFault(error) && refused.length > 0 && sound.length === 0) throw error;
  const search: Search = { target, inserted: 0, refused: [], undecided: [] };
  await halve(sound, refused.length > 0 ? null : error, search);
  return { inserted: search.inserted, refused: [...refused, ...decide(search)] };
}

interface Search {
  readonly target: SieveTarget;
  inserted: number;
  readonly refused: Refusal[];
  /** Rows that failed alone, for a reason that may be theirs or the table's. */
  readonly undecided: { readonly refusal: Refusal; readonly error: WarehouseError }[];
}

/** `known`: the error of these very rows, if they were tried already. */
async function halve(rows: readonly Row[], known: WarehouseError | null, search: Search): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const error = known ?? (await tryInsert(rows, search.target));
  if (error === null) {
    search.inserted += rows.length;
    return;
  }
  if (rows.length > 1) {
    const middle = rows.length >> 1;
    await halve(rows.slice(0, middle), null, search);
    await halve(rows.slice(middle), null, search);
    return;
  }
  const refusal = { entry: first.entry, reason: error.message };
  if (isRowFault(error)) search.refused.push(refusal);
  else search.undecided.push({ refusal, error });
  if (search.inserted === 0 && search.undecided.length >= MAX_UNDECIDED) throw error;
}

/** The table takes other rows of the batch: then the rows are at fault. It takes none: then it may be the table. */
function decide({ inserted, refused, undecided }: Search): Refusal[] {
  const [first] = undecided;
  if (first !== undefined && inserted === 0) throw first.error;
  return [...refused, ...undecided.map(({ refusal }) => refusal)];
}

async function tryInsert(rows: readonly Row[], target: SieveTarget): Promise<WarehouseError | null> {
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
