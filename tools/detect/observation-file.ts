import type { Readable } from "node:stream";
import { parse } from "csv-parse";
import { UserError } from "../../runtime/user-error.ts";

export interface ObservationRow {
  /** As they are in the file. */
  readonly timestamp: string;
  readonly text: string;
  readonly timeMs: number;
  /** NaN = not known. */
  readonly value: number;
}

/** A file that cannot be used; the message names the line, counted from 1, the header included. */
export class ObservationFileError extends UserError {}

const HEADER = ["timestamp", "value"];
/** Local times are set back once a year, and clocks are corrected: such rows are taken as they come. */
const MAX_STEP_BACK_MS = 86_400_000;
const MAX_LINE_CHARACTERS = 10_000;
const MAX_SHOWN_CHARACTERS = 40;

/** Rows of a CSV file `timestamp,value`, one at a time. Throws {@link ObservationFileError} for the first row that is wrong. */
export async function* readObservations(input: Readable): AsyncGenerator<ObservationRow> {
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
  let isHeader = true;
  let beforeMs = Number.NEGATIVE_INFINITY;
  try {
    for await (const { record, info } of rows) {
      const fields: string[] = record;
      const line: number = info.lines;
      if (isHeader) assertHeader(fields, line);
      else {
        const row = parseRow(fields, line);
        if (row.timeMs < beforeMs - MAX_STEP_BACK_MS) {
          throw new ObservationFileError(
            `line ${line}: ${shown(row.timestamp)} is earlier than the row before it`,
          );
        }
        beforeMs = row.timeMs;
        yield row;
      }
      isHeader = false;
    }
  } catch (error) {
    if (error instanceof ObservationFileError || !(error instanceof Error)) throw error;
    throw new ObservationFileError(error.message, { cause: error });
  } finally {
    input.destroy();
  }
  if (isHeader)
    throw new ObservationFileError(`line 1: the file is empty; it begins with ${HEADER.join(",")}`);
}

function assertHeader(fields: readonly string[], line: number): void {
  const found = fields.map((field) => field.trim());
  if (found.length === HEADER.length && HEADER.every((name, index) => found[index] === name)) return;
  throw new ObservationFileError(
    `line ${line}: the header must be ${HEADER.join(",")}, found ${shown(found.join(","))}`,
  );
}

const NOT_KNOWN = /^(|nan|na|null)$/i;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/;

function parseRow(fields: readonly string[], line: number): ObservationRow {
  const [timestamp = "", text = ""] = fields;
  if (fields.length !== HEADER.length) {
    throw new ObservationFileError(`line ${line}: ${fields.length} columns instead of ${HEADER.length}`);
  }
  const timeMs = parseTime(timestamp.trim());
  if (Number.isNaN(timeMs)) {
    throw new ObservationFileError(
      `line ${line}: not a timestamp: ${shown(timestamp)}; expected one such as 2026-11-24T10:05:00Z`,
    );
  }
  const trimmed = text.trim();
  if (NOT_KNOWN.test(trimmed)) return { timestamp, text, timeMs, value: Number.NaN };
  const value = Number(trimmed);
  if (!DECIMAL.test(trimmed) || !Number.isFinite(value)) {
    throw new ObservationFileError(`line ${line}: value is not a number: ${shown(text)}`);
  }
  return { timestamp, text, timeMs, value };
}

/** NaN when it is none. */
function parseTime(text: string): number {
  const [, day, minutes = "00:00", seconds = ":00", zone = "Z"] = TIME.exec(text) ?? [];
  return day === undefined ? Number.NaN : Date.parse(`${day}T${minutes}${seconds.slice(0, 7)}${zone}`);
}

function shown(text: string): string {
  const short = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(short);
}
