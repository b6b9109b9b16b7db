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

/**
 * From which moment on the topic has everything; 0: nothing was ever removed. Brokers tell no record's time, but the first offset since
 * a moment: the first record that is left came at the latest moment since which that is still the partition's start.
 */
export async function completeSince(admin: Admin, topicName: string, nowMs: number): Promise<number> {
  const cut = (await offsetRanges(admin, topicName)).filter(({ start }) => start > 0);
  if (cut.length === 0) return 0;
  const isWholeSince = async (atMs: number): Promise<boolean> => {
    const since = await offsetsSince(admin, topicName, atMs);
    return cut.every(({ partition, start, end }) => start === end || (since.get(partition) ?? end) > start);
  };
  // Nothing is left of a partition: what was there was too old, as far as the topic's settings tell.
  const isEmptied = cut.some(({ start, end }) => start === end);
  let [below, above] = [isEmptied ? await removedBefore(admin, topicName, nowMs) : 0, Math.ceil(nowMs)];
  if (await isWholeSince(below)) return below;
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (await isWholeSince(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** The protocol's number for "a topic"; the library's enumeration cannot be imported by name. */
const TOPIC_RESOURCE = 2;

/** Retention by age alone has removed nothing that is younger; where there is another one, anything may be gone. */
async function removedBefore(admin: Admin, topicName: string, nowMs: number): Promise<number> {
  const configNames = ["retention.ms", "retention.bytes"];
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_RESOURCE, name: topicName, configNames }],
  });
  const entries = described.resources.flatMap(({ configEntries }) => configEntries);
  const settingOf = (name: string): number =>
    Number(entries.find(({ configName }) => configName === name)?.configValue ?? Number.NaN);
  const isByAge = settingOf("retention.ms") > 0 && settingOf("retention.bytes") === -1;
  return isByAge ? Math.max(0, nowMs - settingOf("retention.ms")) : nowMs;
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
