import { hasMorePartsThan, isDeeperThan } from "./json-depth.ts";
import { findHalfCharacter } from "./text.ts";

/**
 * JSON from outside the product. Everything that walks through a value afterwards (schemas, cache keys, mapping, `JSON.stringify`) is
 * recursive, so the depth is bounded before there is a value. A tool's schema of thirty levels takes about sixty here.
 */
export const MAX_JSON_DEPTH = 128;

/** Of what is kept, all levels together. A schema takes a moment for each part that is wrong, and nobody else is served meanwhile. */
export const MAX_JSON_PARTS = 100_000;

/** The message says what is wrong and quotes nothing of the text, which is content. */
export class InvalidJsonError extends SyntaxError {
  constructor(message: string) {
    super(message);
    this.name = "InvalidJsonError";
  }
}

/**
 * Parses what is kept: UTF-8, and no half of a surrogate pair, which JSON can write (`"\ud83d"`), but neither ClickHouse nor most
 * providers can read. Throws {@link InvalidJsonError}.
 */
export function parseStorableJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  if (hasMorePartsThan(bytes, MAX_JSON_PARTS)) {
    throw new InvalidJsonError(`has more than ${MAX_JSON_PARTS} objects and arrays`);
  }
  const value = parseBounded(text, bytes);
  const path = SURROGATE_ESCAPE.test(text) ? findHalfCharacter(value) : null;
  if (path === null) return value;
  const where = path.length === 0 ? "" : ` in ${path.join(".")}`;
  throw new InvalidJsonError(`has half of a surrogate pair${where}, which is not a character`);
}

/** Parses what is read and not kept, such as a provider's answer. Throws {@link InvalidJsonError}. */
export function parseJson(json: string | Uint8Array): unknown {
  const [text, bytes] =
    typeof json === "string" ? [json, ENCODER.encode(json)] : [LENIENT_UTF8.decode(json), json];
  return parseBounded(text, bytes);
}

function parseBounded(text: string, bytes: Uint8Array): unknown {
  if (isDeeperThan(bytes, MAX_JSON_DEPTH)) {
    throw new InvalidJsonError(`is nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The engine's message quotes the text around the mistake.
    throw new InvalidJsonError("is not valid JSON");
  }
}

const ENCODER = new TextEncoder();
const LENIENT_UTF8 = new TextDecoder();
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InvalidJsonError("is not valid UTF-8");
  }
}
