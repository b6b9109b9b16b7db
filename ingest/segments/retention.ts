import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type PartitionExtent, TOPICS, type Topic } from "../event-log.ts";
import { readAllGroupOffsets } from "./group-offsets.ts";
import { type KeptSegment, listKeptSegments } from "./kept-segments.ts";
import { groupsDirectoryOf, removePartitionIfEmpty, segmentPath, topicDirectoryOf } from "./layout.ts";
import { markRemoved } from "./removed-mark.ts";

/** Topics without a rule are kept for ever. */
export type RetentionRules = Readonly<Partial<Record<Topic, RetentionRule>>>;

export interface RetentionRule {
  readonly maxAgeMs: number;
  /** Above it younger segments go too, the oldest first, but never one that a group has yet to read. */
  readonly maxTopicBytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Users, keys and directives are what every process reads from the beginning: they stay. */
export const DEFAULT_RETENTION: RetentionRules = {
  requests: { maxAgeMs: 35 * DAY_MS, maxTopicBytes: 50 * 2 ** 30 },
  feedback: { maxAgeMs: 30 * DAY_MS, maxTopicBytes: 5 * 2 ** 30 },
  costs: { maxAgeMs: 30 * DAY_MS, maxTopicBytes: 2 ** 30 },
  actions: { maxAgeMs: 30 * DAY_MS, maxTopicBytes: 2 ** 30 },
  "dead-letters": { maxAgeMs: 30 * DAY_MS, maxTopicBytes: 5 * 2 ** 30 },
};

export interface RetentionOptions {
  readonly directory: string;
  readonly rules: RetentionRules;
  readonly nowMs: number;
  /** Partitions that this process is writing. */
  readonly inUse: ReadonlySet<string>;
  readonly extents: (topic: Topic) => Promise<PartitionExtent[]>;
}

export interface TopicRetention {
  readonly topic: Topic;
  readonly deletedSegments: number;
  readonly deletedBytes: number;
  /** Deleted before their age, because the topic was above its size. */
  readonly forcedSegments: number;
  /** What is left. */
  readonly bytes: number;
  /** The topic is still above its size: these bytes are not yet consumed by every group, or there is no group. */
  readonly excessBytes: number;
}

/**
 * Deletes what is old, complete and consumed by every group that the topic has; a topic without any group is left alone.
 * A partition always loses its first segment first, and its directory with the last one.
 */
export async function applyRetention(options: RetentionOptions): Promise<TopicRetention[]> {
  const reports: TopicRetention[] = [];
  for (const topic of TOPICS) {
    const rule = options.rules[topic];
    if (rule) reports.push(await retainTopic(topic, rule, options));
  }
  return reports;
}

async function retainTopic(
  topic: Topic,
  rule: RetentionRule,
  options: RetentionOptions,
): Promise<TopicRetention> {
  const topicDirectory = topicDirectoryOf(options.directory, topic);
  const extents = await options.extents(topic);
  const segments = await listKeptSegments({ ...options, topicDirectory, extents });
  const groups = await readAllGroupOffsets(groupsDirectoryOf(options.directory, topic));
  const expendable = expendableSegments(segments, groups);
  const totalBytes = sumBytes(segments);

  const old = expendable.filter(({ newestMs }) => newestMs < options.nowMs - rule.maxAgeMs);
  const young = expendable.filter((segment) => !old.includes(segment));
  const forced = oldestAmounting(young, totalBytes - sumBytes(old) - rule.maxTopicBytes);
  const deleted = [...old, ...forced];
  if (deleted.length > 0)
    await markRemoved(
      groupsDirectoryOf(options.directory, topic),
      Math.max(...deleted.map(({ newestMs }) => newestMs)),
    );
  for (const { partition, base } of deleted)
    await rm(segmentPath(join(topicDirectory, partition), base), { force: true });
  for (const partition of extents.map((extent) => extent.partition)) {
    const left = segments.some((segment) => segment.partition === partition && !deleted.includes(segment));
    if (!left) await removePartitionIfEmpty(join(topicDirectory, partition));
  }

  const bytes = totalBytes - sumBytes(deleted);
  return {
    topic,
    deletedSegments: deleted.length,
    deletedBytes: sumBytes(deleted),
    forcedSegments: forced.length,
    bytes,
    excessBytes: Math.max(0, bytes - rule.maxTopicBytes),
  };
}

/** Of each partition the first segments, as long as they are complete and every group is through with them. */
function expendableSegments(
  segments: readonly KeptSegment[],
  groups: readonly ReadonlyMap<string, number>[],
): KeptSegment[] {
  if (groups.length === 0) return [];
  const blocked = new Set<string>();
  return segments.filter(({ partition, end, complete }) => {
    const consumed = groups.every((offsets) => (offsets.get(partition) ?? 0) >= end);
    if (!complete || !consumed) blocked.add(partition);
    return !blocked.has(partition);
  });
}

function oldestAmounting(segments: readonly KeptSegment[], bytes: number): KeptSegment[] {
  const chosen: KeptSegment[] = [];
  for (const segment of segments.toSorted((a, b) => a.newestMs - b.newestMs)) {
    if (sumBytes(chosen) >= bytes) break;
    chosen.push(segment);
  }
  return chosen;
}

function sumBytes(segments: readonly KeptSegment[]): number {
  return segments.reduce((sum, segment) => sum + segment.bytes, 0);
}
