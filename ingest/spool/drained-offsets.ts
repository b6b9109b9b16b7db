import { TOPICS, type Topic } from "../event-log.ts";
import { readAllGroupOffsets } from "../segments/group-offsets.ts";
import { groupsDirectoryOf } from "../segments/layout.ts";
import type { RetentionRule } from "../segments/retention.ts";

const SPOOL_SEGMENT_BYTES = 16 << 20;
const RETAIN_EVERY_MS = 60_000;
/** What Kafka has taken is of no use here any more. */
const DRAINED_RULE: RetentionRule = { maxAgeMs: 60_000, maxTopicBytes: 1 << 30 };

/** How segment files are opened as a spool. */
export const SPOOL_RETENTION = {
  retention: Object.fromEntries(TOPICS.map((topic) => [topic, DRAINED_RULE])),
  retentionEveryMs: RETAIN_EVERY_MS,
  segmentBytes: SPOOL_SEGMENT_BYTES,
};

/**
 * How far a spool of segment files was drained, as its one group wrote it down. After a crash it may be behind by a moment:
 * what was drained in it is drained again, and readers know events by their ids.
 */
export function drainedOffsets(directory: string) {
  return async (topic: Topic): Promise<ReadonlyMap<string, number>> => {
    const [drained] = await readAllGroupOffsets(groupsDirectoryOf(directory, topic));
    return drained ?? new Map();
  };
}
