import type { Admin, ITopicConfig } from "kafkajs";
import { MAX_RECORD_BYTES, TOPICS, type Topic } from "../event-log.ts";
import { DEFAULT_RETENTION } from "../segments/retention.ts";
import type { KafkaSettings } from "./kafka-url.ts";
import { offsetRanges } from "./offsets.ts";

/** One produce request carries at most that much for one partition; a broker refuses larger batches. */
export const MAX_BATCH_BYTES = 4 << 20;
const MAX_MESSAGE_BYTES = 2 * (MAX_BATCH_BYTES + MAX_RECORD_BYTES);
/** Topics of less traffic; the order of directives and keys is that of one partition. */
const SMALL_TOPIC_PARTITIONS: Readonly<Partial<Record<Topic, number>>> = {
  feedback: 6,
  users: 6,
  keys: 1,
  costs: 1,
  directives: 1,
  actions: 1,
  "dead-letters": 3,
};
const MAX_DEFAULT_REPLICATION = 3;
const CREATE_TIMEOUT_MS = 30_000;

/** The names of this deployment's topics in the cluster. */
export interface TopicNames {
  nameOf(topic: Topic): string;
  /** A partition's name for the port: the cluster, the topic and the number, so that another cluster's offsets are never taken for this one's. */
  partitionOf(topic: Topic, partition: number): string;
}

/** Creates what is missing. Topics that are there already stay as they are. */
export async function openTopics(admin: Admin, settings: KafkaSettings): Promise<TopicNames> {
  const { brokers, clusterId } = await admin.describeCluster();
  const replication = settings.replication ?? Math.min(brokers.length, MAX_DEFAULT_REPLICATION);
  const nameOf = (topic: Topic): string => `${settings.prefix}${topic}`;
  const there = new Set(await admin.listTopics());
  const missing = TOPICS.filter((topic) => !there.has(nameOf(topic)));
  const refusal = await createTopics(
    admin,
    missing.map((topic) => definitionOf(topic, { settings, replication, name: nameOf(topic) })),
  );
  try {
    // A topic that is new, made by this process or just now by another one, takes a moment until its leaders are known.
    await Promise.all(TOPICS.map((topic) => offsetRanges(admin, nameOf(topic))));
  } catch (error) {
    throw refusal ?? error;
  }
  return { nameOf, partitionOf: (topic, partition) => `${clusterId}/${nameOf(topic)}/${partition}` };
}

/** Answers why not all were made. That another process made them is a reason, too, and then all is well. */
async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<unknown> {
  if (topics.length === 0) return null;
  try {
    // The library's own waiting for leaders gives up when a broker has not heard of the topic yet.
    await admin.createTopics({ topics, waitForLeaders: false, timeout: CREATE_TIMEOUT_MS });
    return null;
  } catch (error) {
    return error;
  }
}

interface Definition {
  readonly settings: KafkaSettings;
  readonly replication: number;
  readonly name: string;
}

/**
 * No topic is compacted. Directives share one key, and of a user's events the last one does not say what the earlier ones
 * did: compaction would lose tiers. And without it, offsets have no gaps and count the records.
 */
function definitionOf(topic: Topic, { settings, replication, name }: Definition): ITopicConfig {
  const rule = DEFAULT_RETENTION[topic];
  const entries = {
    "cleanup.policy": "delete",
    "retention.ms": rule?.maxAgeMs ?? -1,
    "max.message.bytes": MAX_MESSAGE_BYTES,
    "message.timestamp.type": "CreateTime",
    // A write is on a majority of disks, or on the disk of the only broker, before it is acknowledged.
    ...(replication >= 3 ? { "min.insync.replicas": 2 } : {}),
    ...(replication === 1 ? { "flush.messages": 1 } : {}),
  };
  return {
    topic: name,
    numPartitions: Math.min(settings.partitions, SMALL_TOPIC_PARTITIONS[topic] ?? settings.partitions),
    replicationFactor: replication,
    configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value: String(value) })),
  };
}
