/** Server-sent events as bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html, with LF or CR LF. */

import { InvalidJsonError, parseJson } from "../models/domain/json.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Index after the last empty line (LF LF, or CR LF CR LF), 0 when there is none: whole events end there. */
export function endOfLastEvent(bytes: Buffer): number {
  // Most reads end with an event.
  if (bytes.at(-1) === LF && isEmptyLine(bytes, bytes.length - 1)) return bytes.length;
  for (let at = bytes.lastIndexOf(LF); at > 0; at = bytes.lastIndexOf(LF, at - 1)) {
    if (isEmptyLine(bytes, at)) return at + 1;
  }
  return 0;
}

/** Each event with its empty line; what stands behind the last one is the last. */
export function* eventsOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let at = bytes.indexOf(LF, 1); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (!isEmptyLine(bytes, at)) continue;
    yield bytes.subarray(start, at + 1);
    start = at + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** The same from the last to the first. */
export function* eventsBackward(bytes: Buffer): Generator<Buffer> {
  let end = bytes.length;
  while (end > 0) {
    // The empty line at its own end does not begin it.
    const start = endOfLastEvent(bytes.subarray(0, end - 1));
    yield bytes.subarray(start, end);
    end = start;
  }
}

/** What an event carries: its `data` lines joined, "" when it has none. */
export function dataOf(event: Buffer): string {
  const text = event.toString("utf8");
  if (text.startsWith("data:") && text.indexOf("\n") >= text.trimEnd().length)
    return text.slice("data:".length).trim();
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
}

/** The JSON object that an event carries, null when there is none. */
export function documentOf(event: Buffer): object | null {
  const text = dataOf(event);
  if (!text.startsWith("{")) return null;
  try {
    const parsed: unknown = parseJson(text);
    return typeof parsed === "object" ? parsed : null;
  } catch (error) {
    // Not ours to judge: the client gets the bytes as they are, and what it may have reported is billed at the bound.
    if (error instanceof InvalidJsonError) return null;
    throw error;
  }
}

function isEmptyLine(bytes: Buffer, lf: number): boolean {
  const before = bytes[lf - 1];
  return before === LF || (before === CR && bytes[lf - 2] === LF);
}
