import { join } from "node:path";
import type { UserEvent } from "../models/domain/user-event.ts";
import { decodeRecord } from "./decode-record.ts";
import { type LogRecord, type PartitionExtent, TOPICS, type Topic } from "./event-log.ts";
import { type KeptSegment, listKeptSegments } from "./segments/kept-segments.ts";
import { segmentPath, topicDirectoryOf } from "./segments/layout.ts";
import { removeDrafts, rewriteSegment } from "./segments/rewrite.ts";
import { readFirstTimestampMs } from "./segments/scan.ts";

export interface EraseOptions {
  readonly directory: string;
  readonly nowMs: number;
  /** All events of the topic `users`, from the first. */
  readonly userEvents: () => AsyncIterable<UserEvent>;
  /** Partitions that this process is writing. */
  readonly inUse: ReadonlySet<string>;
  readonly extents: (topic: Topic) => Promise<PartitionExtent[]>;
}

export interface ErasedFromLog {
  readonly users: number;
  readonly records: number;
  /** Of these users, segments that may hold something are still being written. */
  readonly waiting: number;
}

/** The warehouse looks after an erasure for so long; then the log forgets the user, too. */
const ERASE_AFTER_MS = 24 * 3_600_000;
/** A gateway learns of an erasure a moment after it. */
const LEARNED_AFTER_MS = 60_000;
const PSEUDONYM = /^erased-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Erasure {
  readonly id: string;
  readonly pseudonym: string;
  readonly erasedAtMs: number;
  /** Events up to then are of the user who was erased. */
  readonly endsAtMs: number;
}

/**
 * Writes complete segments anew, with pseudonyms in the place of users who were erased a day ago and without their comments. Offsets,
 * timestamps and costs stay, so that every count and sum does. The erasure itself goes last, when no other segment can name the user:
 * until then it is what says that the user is gone.
 */
export async function eraseFromSegments(options: EraseOptions): Promise<ErasedFromLog> {
  const due = await findErasures(options);
  if (due.length === 0) return { users: 0, records: 0, waiting: 0 };
  const segments = await listSegments(options);
  const waiting = new Set<string>();
  for (const { id, erasedAtMs } of due) {
    const isOpen = ({ complete, firstMs }: Segment) => !complete && firstMs <= erasedAtMs + LEARNED_AFTER_MS;
    if (segments.some(isOpen)) waiting.add(id);
  }
  let records = 0;
  const byId = new Map(due.map((erasure) => [erasure.id, erasure]));
  for (const segment of segments.filter(({ complete }) => complete)) {
    const { topic, path } = segment;
    records += await rewriteSegment({
      path,
      concerns: (bytes) => due.some(({ id }) => names(bytes, id)),
      change: (record) => renamed(topic, record, { byId, keepsErasure: (id) => waiting.has(id) }),
    });
  }
  return { users: due.length, records, waiting: waiting.size };
}

/** The latest erasure of each id that is a day old. */
async function findErasures({ userEvents, nowMs }: EraseOptions): Promise<Erasure[]> {
  const due = new Map<string, Erasure>();
  for await (const { type, event_id, user_id: id, ts } of userEvents()) {
    if (type !== "erased" || PSEUDONYM.test(id) || ts <= (due.get(id)?.erasedAtMs ?? 0)) continue;
    due.set(id, { id, pseudonym: `erased-${event_id}`, erasedAtMs: ts, endsAtMs: Number.POSITIVE_INFINITY });
  }
  for (const [id, { erasedAtMs }] of due) if (nowMs - erasedAtMs < ERASE_AFTER_MS) due.delete(id);
  if (due.size === 0) return [];
  // The next user of the id begins with the first event after the erasure.
  for await (const { user_id: id, ts } of userEvents()) {
    const erasure = due.get(id);
    if (erasure !== undefined && ts > erasure.erasedAtMs && ts <= erasure.endsAtMs)
      due.set(id, { ...erasure, endsAtMs: ts - 1 });
  }
  return [...due.values()];
}

interface Segment extends KeptSegment {
  readonly topic: Topic;
  readonly path: string;
  readonly firstMs: number;
}

/** Those of `users` come last: they hold the erasures. */
async function listSegments({ directory, nowMs, inUse, extents }: EraseOptions): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const topic of [...TOPICS.filter((one) => one !== "users"), "users" as const]) {
    const topicDirectory = topicDirectoryOf(directory, topic);
    const kept = await listKeptSegments({ topicDirectory, nowMs, inUse, extents: await extents(topic) });
    for (const segment of kept) {
      const partition = join(topicDirectory, segment.partition);
      await removeDrafts(partition);
      const firstMs = (await readFirstTimestampMs(partition, segment.base)) ?? nowMs;
      segments.push({ ...segment, topic, path: segmentPath(partition, segment.base), firstMs });
    }
  }
  return segments;
}

interface Renaming {
  readonly byId: ReadonlyMap<string, Erasure>;
  keepsErasure(id: string): boolean;
}

function renamed(topic: Topic, record: LogRecord, { byId, keepsErasure }: Renaming): LogRecord | null {
  const decoded = decodeRecord(topic, record.value);
  if (decoded.kind === "poison") {
    // Nobody reads it, and whom it is about cannot be told; its place stays.
    const isNamed = [...byId.keys()].some((id) => record.key === id || names(record.value, id));
    return isNamed ? { key: "", value: Buffer.from("{}") } : null;
  }
  const { event } = decoded;
  if ("action_id" in event) {
    const erasure = byId.get(event.subject);
    if (erasure === undefined || !event.path.startsWith("/api/users/")) return null;
    // The call that erases is written down after the erasure itself.
    if (event.method !== "DELETE" && event.ts > erasure.erasedAtMs) return null;
    return { key: record.key, value: withFields(record.value, { subject: erasure.pseudonym }) };
  }
  if ("source_topic" in event) {
    if (!byId.has(event.key)) return null;
    return { key: record.key, value: withFields(record.value, { key: "", value: "", value_bytes: 0 }) };
  }
  if (!("user_id" in event)) return null;
  const erasure = byId.get(event.user_id);
  if (erasure === undefined || event.ts > erasure.endsAtMs) return null;
  const isErasure = "type" in event && event.type === "erased";
  if (isErasure && event.ts === erasure.erasedAtMs && keepsErasure(event.user_id)) return null;
  const comment = "comment" in event ? { comment: "" } : {};
  return {
    key: erasure.pseudonym,
    value: withFields(record.value, { user_id: erasure.pseudonym, ...comment }),
  };
}

function withFields(value: Buffer, fields: Readonly<Record<string, unknown>>): Buffer {
  const parsed: unknown = JSON.parse(value.toString("utf8"));
  return Buffer.from(JSON.stringify(Object.assign({}, parsed, fields)));
}

function names(bytes: Buffer, id: string): boolean {
  return bytes.includes(id) || bytes.includes(JSON.stringify(id).slice(1, -1));
}
