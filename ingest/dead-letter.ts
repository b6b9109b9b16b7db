import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { LogEntry, LogRecord, Topic } from "./event-log.ts";

/** More of a record than this is not copied; the log still has all of it at the offset. */
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_REASON_CHARACTERS = 2_000;

/** A record that the warehouse refused: where it is, why, and what it says. */
export const deadLetter = z.object({
  ts: z.number().int().nonnegative(),
  source_topic: z.string(),
  source_partition: z.string(),
  source_offset: z.number().int().nonnegative(),
  reason: z.string(),
  key: z.string(),
  value: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  value_bytes: z.number().int().nonnegative(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

/** A record on its way to the dead letters. */
export interface Refusal {
  readonly entry: LogEntry;
  readonly reason: string;
}

export interface RefusalSource {
  readonly topic: Topic;
  readonly partition: string;
  readonly nowMs: number;
}

export function deadLetterRecord({ entry, reason }: Refusal, source: RefusalSource): LogRecord {
  const kept = entry.value.subarray(0, MAX_VALUE_BYTES);
  const encoding = isUtf8(kept) ? "utf8" : "base64";
  const letter: DeadLetter = {
    ts: source.nowMs,
    source_topic: source.topic,
    source_partition: source.partition,
    source_offset: entry.offset,
    reason: reason.slice(0, MAX_REASON_CHARACTERS),
    key: entry.key,
    value: kept.toString(encoding),
    encoding,
    value_bytes: entry.value.length,
  };
  return {
    key: `${source.topic}/${source.partition}/${entry.offset}`,
    value: Buffer.from(JSON.stringify(letter)),
  };
}
