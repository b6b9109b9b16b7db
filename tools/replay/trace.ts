import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import { explainFileError } from "../../runtime/file-error.ts";
import { ReplayError } from "./replay-error.ts";

/** One request of the trace. */
export interface TraceRow {
  /** Milliseconds after the first request. */
  readonly offsetMs: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

const HEADER = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00:00)?$/;
/** A trace is read before the first request is sent, so that its mistakes are known by then. */
export const MAX_ROWS = 2_000_000;
const MAX_TOKENS = 2_000_000;

/** Reads at most `limit` rows. Throws {@link ReplayError} that names the file and the line of what is wrong. */
export async function readTrace(file: string, limit: number): Promise<TraceRow[]> {
  const rows: Omit<TraceRow, "offsetMs">[] = [];
  const times: number[] = [];
  const input = createReadStream(file);
  const lines = input.pipe(
    parse({ bom: true, info: true, quote: false, relax_column_count: true, skip_empty_lines: true }),
  );
  input.once("error", (error) => lines.destroy(error));
  try {
    let isFirst = true;
    for await (const { record, info } of lines) {
      const fields: string[] = record;
      const place = `${file}:${info.lines}`;
      if (isFirst) checkHeader(fields, place);
      else if (rows.length < Math.min(limit, MAX_ROWS)) {
        const { timeMs, ...row } = parseRow(fields, place);
        times.push(timeMs);
        rows.push(row);
      } else break;
      isFirst = false;
    }
  } catch (error) {
    throw asReplayError(error, file);
  }
  if (rows.length === 0)
    throw new ReplayError(`${file} has no requests: the header must be followed by rows`);
  return inOrder(rows, times);
}

/** One line of the file; throws {@link ReplayError} that names `place`. */
export function parseRow(
  fields: readonly string[],
  place: string,
): Omit<TraceRow, "offsetMs"> & { timeMs: number } {
  if (fields.length !== HEADER.length) {
    throw new ReplayError(`${place}: a row has ${HEADER.length} fields, this one has ${fields.length}`);
  }
  const [timestamp = "", context = "", generated = ""] = fields;
  return {
    timeMs: parseTimestamp(timestamp, place),
    contextTokens: parseTokens(context, `${place}: ContextTokens`),
    generatedTokens: parseTokens(generated, `${place}: GeneratedTokens`),
  };
}

function checkHeader(fields: readonly string[], place: string): void {
  if (fields.length === HEADER.length && HEADER.every((name, index) => fields[index]?.trim() === name))
    return;
  throw new ReplayError(`${place}: the header must be "${HEADER.join(",")}", not "${fields.join(",")}"`);
}

/** UTC; fractions of any length (the traces have seven digits). */
function parseTimestamp(text: string, place: string): number {
  const [, day, time, fraction = "0"] = TIMESTAMP.exec(text.trim()) ?? [];
  const wholeMs = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(wholeMs)) {
    throw new ReplayError(`${place}: TIMESTAMP must be like 2023-11-16 18:15:46.6805900, not "${text}"`);
  }
  return wholeMs + Number(fraction) * 1000;
}

function parseTokens(text: string, place: string): number {
  const tokens = Number(text);
  if (/^\s*\d+\s*$/.test(text) && tokens <= MAX_TOKENS) return tokens;
  throw new ReplayError(`${place} must be a whole number up to ${MAX_TOKENS}, not "${text}"`);
}

function inOrder(rows: readonly Omit<TraceRow, "offsetMs">[], times: readonly number[]): TraceRow[] {
  const startMs = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const timed = rows.map((row, index) => ({ ...row, offsetMs: (times[index] ?? startMs) - startMs }));
  return timed.sort((left, right) => left.offsetMs - right.offsetMs);
}

function asReplayError(error: unknown, file: string): unknown {
  if (error instanceof ReplayError || !(error instanceof Error)) return error;
  const reason = explainFileError(error, file);
  if (reason !== null) return new ReplayError(reason, { cause: error });
  return error instanceof CsvError ? new ReplayError(`${file} is not valid CSV: ${error.message}`) : error;
}
