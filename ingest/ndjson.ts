import type { LogEntry } from "./event-log.ts";

const LINE_BREAK = 0x0a;
/** `Number.MAX_SAFE_INTEGER` has 16 digits. */
const MAX_OFFSET_DIGITS = 16;

export interface Row {
  readonly entry: LogEntry;
  /** One JSON object on one line: anything else could turn into other rows than its own. */
  readonly json: Buffer;
}

/**
 * The rows as newline-delimited JSON, each with its place in the log spliced in front of its own fields. The objects
 * are not parsed; a batch is one allocation and one copy.
 */
export function toNdjson(rows: readonly Row[], partition: string): Buffer {
  const head = `{"log_partition":${JSON.stringify(partition)},"log_offset":`;
  const headBytes = Buffer.byteLength(head);
  // The comma replaces the object's brace, the line break comes on top.
  const perRowBytes = headBytes + MAX_OFFSET_DIGITS + 1;
  const bytes = Buffer.allocUnsafe(rows.reduce((sum, { json }) => sum + json.length + perRowBytes, 0));
  const headBuffer = Buffer.from(head);
  let at = 0;
  for (const { entry, json } of rows) {
    at += headBuffer.copy(bytes, at);
    at += bytes.write(`${entry.offset},`, at, "latin1");
    at += json.copy(bytes, at, 1);
    at = bytes.writeUInt8(LINE_BREAK, at);
  }
  return bytes.subarray(0, at);
}
