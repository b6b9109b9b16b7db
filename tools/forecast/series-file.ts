import type { Readable } from "node:stream";
import { parse } from "csv-parse";
import { UserError } from "../../runtime/user-error.ts";

export interface NamedSeries {
  readonly id: string;
  /** Oldest first; NaN = an empty place between two semicolons: not known. */
  readonly values: readonly number[];
}

/** A file that cannot be used; the message names the line, counted from 1, the header included. */
export class SeriesFileError extends UserError {}

const HEADER = ["series_id", "values"];
/** A line of a million values of twenty characters. */
const MAX_LINE_CHARACTERS = 25_000_000;
const MAX_SHOWN_CHARACTERS = 40;

/**
 * Series of a CSV file `series_id,values` (values joined by `;`), one at a time: the file may be larger than memory.
 * Throws {@link SeriesFileError} for the first row that is wrong; the rows before it have been given out by then.
 */
export async function* readSeriesFile(input: Readable): AsyncGenerator<NamedSeries> {
  const rows = input.pipe(
    parse({
      bom: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_LINE_CHARACTERS,
    }),
  );
  input.once("error", (error) => rows.destroy(error));
  const firstLines = new Map<string, number>();
  let isHeader = true;
  try {
    for await (const { record, info } of rows) {
      const fields: string[] = record;
      const line: number = info.lines;
      if (isHeader) assertHeader(fields, line);
      else yield parseRow(fields, line, firstLines);
      isHeader = false;
    }
  } catch (error) {
    if (error instanceof SeriesFileError || !(error instanceof Error)) throw error;
    throw new SeriesFileError(error.message, { cause: error });
  } finally {
    input.destroy();
  }
  if (isHeader) throw new SeriesFileError(`line 1: the file is empty; it begins with ${HEADER.join(",")}`);
}

function assertHeader(fields: readonly string[], line: number): void {
  const found = fields.map((field) => field.trim());
  if (found.length === HEADER.length && HEADER.every((name, index) => found[index] === name)) return;
  throw new SeriesFileError(
    `line ${line}: the header must be ${HEADER.join(",")}, found ${shown(found.join(","))}`,
  );
}

function parseRow(fields: readonly string[], line: number, firstLines: Map<string, number>): NamedSeries {
  const [id = "", joined = ""] = fields;
  if (fields.length !== HEADER.length) {
    throw new SeriesFileError(
      `line ${line}: ${fields.length} columns instead of ${HEADER.length}; values are joined by ";"`,
    );
  }
  if (id.trim() === "") throw new SeriesFileError(`line ${line}: series_id is empty`);
  const first = firstLines.get(id);
  if (first !== undefined) {
    throw new SeriesFileError(`line ${line}: series ${shown(id)} has been given in line ${first} already`);
  }
  firstLines.set(id, line);
  const values = joined.split(";").map((text, index) => parseValue(text, index, line));
  if (!values.some(Number.isFinite))
    throw new SeriesFileError(`line ${line}: series ${shown(id)} has no values`);
  return { id, values };
}

const NOT_KNOWN = /^(|nan|na|null)$/i;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function parseValue(text: string, index: number, line: number): number {
  const trimmed = text.trim();
  if (NOT_KNOWN.test(trimmed)) return Number.NaN;
  const value = Number(trimmed);
  if (DECIMAL.test(trimmed) && Number.isFinite(value)) return value;
  throw new SeriesFileError(`line ${line}: value ${index + 1} is not a number: ${shown(trimmed)}`);
}

function shown(text: string): string {
  const short = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(short);
}
