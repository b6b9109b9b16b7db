import { crc32 } from "node:zlib";
import { z } from "zod";
import type { CachedAnswer } from "./cached-answer.ts";

/**
 * An answer as it lies in a file, big endian:
 *
 *     u32 bytes after the checksum | u32 CRC32 of those bytes | u32 head bytes | head, JSON | body
 */
const PREFIX_BYTES = 8;
const HEAD_LENGTH_BYTES = 4;
const LEAST_BYTES = PREFIX_BYTES + HEAD_LENGTH_BYTES;

/** Any erasure may be about it. */
export const UNKNOWN_OWNER = "?";

const head = z.object({
  key: z.string().length(43),
  /** Not told by files of before. */
  owner: z.string().default(UNKNOWN_OWNER),
  life: z.number().nonnegative().default(0),
  kind: z.enum(["json", "stream"]),
  contentType: z.string(),
  provider: z.string(),
  feature: z.string(),
  costNano: z.number().int().nonnegative(),
  /** Not told by files of before. */
  madeMs: z.number().nonnegative().default(0),
  storedAtMs: z.number().int().nonnegative(),
});

export function encodeAnswer(answer: CachedAnswer): Buffer {
  const { body, key, owner, life, kind, contentType, provider, feature, costNano, madeMs, storedAtMs } =
    answer;
  const facts = { key, owner, life, kind, contentType, provider, feature, costNano, madeMs, storedAtMs };
  const headBytes = Buffer.from(JSON.stringify(facts));
  const frame = Buffer.allocUnsafe(LEAST_BYTES + headBytes.length + body.length);
  frame.writeUInt32BE(frame.length - PREFIX_BYTES, 0);
  frame.writeUInt32BE(headBytes.length, PREFIX_BYTES);
  headBytes.copy(frame, LEAST_BYTES);
  body.copy(frame, LEAST_BYTES + headBytes.length);
  frame.writeUInt32BE(crc32(frame.subarray(PREFIX_BYTES)), 4);
  return frame;
}

/** The same answer, whose body lies in its frame: as a view of what came, it would hold all that was read with it. */
export function inFrame(answer: CachedAnswer, frame: Buffer): CachedAnswer {
  const { key, owner, life, kind, contentType, provider, feature, costNano, madeMs, storedAtMs } = answer;
  const body = frame.subarray(frame.length - answer.body.length);
  return { key, owner, life, kind, contentType, body, provider, feature, costNano, madeMs, storedAtMs };
}

/** Whole answers from the beginning of the bytes up to the first that is torn or broken. Each has a body of its own. */
export function* decodeAnswers(bytes: Buffer): Generator<CachedAnswer> {
  let position = 0;
  while (bytes.length - position >= LEAST_BYTES) {
    const end = position + PREFIX_BYTES + bytes.readUInt32BE(position);
    if (end > bytes.length || end < position + LEAST_BYTES) return;
    if (crc32(bytes.subarray(position + PREFIX_BYTES, end)) !== bytes.readUInt32BE(position + 4)) return;
    const headEnd = position + LEAST_BYTES + bytes.readUInt32BE(position + PREFIX_BYTES);
    if (headEnd > end) return;
    const known = readHead(bytes.toString("utf8", position + LEAST_BYTES, headEnd));
    // Whole, but of another version: the next one may be of this.
    if (known !== null) yield { ...known, body: Buffer.from(bytes.subarray(headEnd, end)) };
    position = end;
  }
}

function readHead(text: string): z.infer<typeof head> | null {
  try {
    return head.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
