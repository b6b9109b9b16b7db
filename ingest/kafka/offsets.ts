import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "kafkajs";
import type { PartitionLag, Topic } from "../event-log.ts";

/** What a partition holds: entries with `start <= offset < end`. */
export interface OffsetRange {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export async function offsetRanges(admin: Admin, topicName: string): Promise<OffsetRange[]> {
  const offsets = await persist(admin, topicName, () => admin.fetchTopicOffsets(topicName));
  return offsets.map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }));
}

/** The first offset of each partition whose timestamp is at or after the moment; the partition's end when there is none. */
export async function offsetsSince(
  admin: Admin,
  topicName: string,
  sinceMs: number,
): Promise<Map<number, number>> {
  const fromMs = Math.max(0, Math.floor(sinceMs));
  const offsets = await persist(admin, topicName, () =>
    admin.fetchTopicOffsetsByTimestamp(topicName, fromMs),
  );
  return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
}

/** What the group has committed; partitions without a commit are left out. */
export async function committedOffsets(
  admin: Admin,
  topicName: string,
  group: string,
): Promise<Map<number, number>> {
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topicName] });
  const committed = (answer?.partitions ?? []).map(
    ({ partition, offset }) => [partition, Number(offset)] as const,
  );
  return new Map(committed.filter(([, offset]) => offset >= 0));
}

/** A group in the cluster: with a name of its own for each topic, so that no rebalance of one topic touches another. */
export function groupNameOf(prefix: string, { topic, group }: { topic: Topic; group: string }): string {
  return `${prefix}${group}.${topic}`;
}

export interface GroupAt {
  readonly topicName: string;
  readonly group: string;
}

/** Of every partition, by its number. */
export async function groupLag(
  admin: Admin,
  { topicName, group }: GroupAt,
): Promise<(Omit<PartitionLag, "partition"> & { readonly partition: number })[]> {
  const [ranges, offsets] = await Promise.all([
    offsetRanges(admin, topicName),
    committedOffsets(admin, topicName, group),
  ]);
  return ranges.map(({ partition, start, end }) => {
    const committed = Math.max(start, offsets.get(partition) ?? 0);
    return { partition, end, committed, lag: Math.max(0, end - committed) };
  });
}

/** About five seconds. */
const TRIES_AFTER_MS = [50, 100, 200, 400, 800, 1_600, 1_600];

/** A partition that is new, or whose leader has changed, is asked again: the library does not do that here by itself. */
async function persist<Answer>(admin: Admin, topicName: string, ask: () => Promise<Answer>): Promise<Answer> {
  for (const waitMs of TRIES_AFTER_MS) {
    try {
      return await ask();
    } catch (error) {
      // No broker answers: the library has tried for long enough. Anything else may be over in a moment
      // (of a topic that its metadata lacks, the library throws a TypeError).
      if (error instanceof Error && /Connection|NumberOfRetries/.test(error.name)) throw error;
      await delay(waitMs);
      await admin.fetchTopicMetadata({ topics: [topicName] }).catch(() => undefined);
    }
  }
  return ask();
}
