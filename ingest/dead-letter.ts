import { z } from "zod";
import { isDeeperThan } from "../models/domain/json-depth.ts";
import { truncate } from "../models/domain/text.ts";
import { timestampMs } from "../models/domain/timestamp.ts";
import { type LogEntry, type LogRecord, MAX_RECORD_BYTES, type Topic } from "./event-log.ts";

const MAX_REASON_CHARACTERS = 2_000;
const MAX_FIELDS = 64;
const MAX_SHAPE_DEPTH = 32;
/** A name of another form may be content. */
const FIELD_NAME = /^\w{1,40}$/;

/**
 * A record that the warehouse does not have: where it is, and why. It quotes nothing of the record, which may be anybody's content;
 * the log still has it at the offset, until its retention ends.
 */
export const deadLetter = z.object({
  ts: timestampMs,
  source_topic: z.string(),
  source_partition: z.string(),
  source_offset: z.number().int().nonnegative(),
  reason: z.string(),
  /** Empty; letters of before have the record's. */
  key: z.string(),
  /** The record's field names and the types of their values, empty: it has none. Letters of before have the record itself. */
  value: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  value_bytes: z.number().int().nonnegative(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

/** A record on its way to the dead letters. */
export interface Refusal {
  readonly entry: LogEntry;
  readonly reason: string;
  /** It is no event of its topic; else it is one that the table does not take. */
  readonly isPoison: boolean;
}

export interface RefusalSource {
  readonly topic: Topic;
  readonly partition: string;
  readonly nowMs: number;
}

export function deadLetterRecord({ entry, reason }: Refusal, source: RefusalSource): LogRecord {
  const letter: DeadLetter = {
    ts: source.nowMs,
    source_topic: source.topic,
    source_partition: source.partition,
    source_offset: entry.offset,
    reason: truncate(reason, MAX_REASON_CHARACTERS),
    key: "",
    value: describeShape(entry.value),
    encoding: "utf8",
    value_bytes: entry.value.length,
  };
  return {
    key: `${source.topic}/${source.partition}/${entry.offset}`,
    value: Buffer.from(JSON.stringify(letter)),
  };
}

/** Such as `{event_id: string, cost: number}`. */
function describeShape(value: Buffer): string {
  if (value.length > MAX_RECORD_BYTES || isDeeperThan(value, MAX_SHAPE_DEPTH)) return "";
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return "";
    throw error;
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return "";
  const fields = Object.entries(parsed)
    .slice(0, MAX_FIELDS)
    .map(([name, field]) => `${FIELD_NAME.test(name) ? name : "?"}: ${nameType(field)}`);
  return `{${fields.join(", ")}}`;
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
