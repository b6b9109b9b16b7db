import type { Admin } from "kafkajs";
import { EventLogError, type RecordLog } from "./event-log.ts";
import { createClient, type OnLogError } from "./kafka/client.ts";
import { openFollower } from "./kafka/follower.ts";
import { openGroupConsumer } from "./kafka/group-consumer.ts";
import type { KafkaSettings } from "./kafka/kafka-url.ts";
import { completeSince, groupLag, groupNameOf, offsetRanges } from "./kafka/offsets.ts";
import { openTopicProducer } from "./kafka/producer.ts";
import { scanTopic } from "./kafka/scan.ts";
import { openTopics, type TopicNames } from "./kafka/topics.ts";

export interface KafkaEventLogOptions {
  readonly settings: KafkaSettings;
  /** The process's name, for the broker's logs and quotas. */
  readonly clientId: string;
  readonly now?: () => number;
  readonly maxPendingBytes?: number;
  /** Failures behind the scenes that are tried again. Must not throw. */
  readonly onError: OnLogError;
}

const DEFAULT_MAX_PENDING_BYTES = 64 << 20;

/** The event log in a Kafka cluster. Creates the topics that are missing; rejects when no broker can be reached. */
export async function openKafkaEventLog(options: KafkaEventLogOptions): Promise<RecordLog> {
  const { settings, onError, now = Date.now } = options;
  const kafka = createClient(options);
  const admin = kafka.admin();
  const names = await connect(admin, settings);
  const producer = openTopicProducer({
    kafka,
    compression: settings.compression,
    maxPendingBytes: options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
    now,
    onError,
  });
  const readers = new Set<{ close(): Promise<void> }>();
  let closing: Promise<void> | null = null;
  const { prefix } = settings;

  function requireOpen(): void {
    if (closing !== null) throw new EventLogError("the event log is closed");
  }

  function keep<Opened extends { close(): Promise<void> }>(opened: Opened): Opened {
    readers.add(opened);
    const close = async (): Promise<void> => {
      readers.delete(opened);
      await opened.close();
    };
    return { ...opened, close };
  }

  async function closeAll(): Promise<void> {
    await Promise.all([producer.close(), ...[...readers].map((reader) => reader.close())]);
    await admin.disconnect();
  }

  return {
    async append(topic, records) {
      requireOpen();
      await producer.append(names.nameOf(topic), records);
    },
    async follow(topic, onEntry) {
      requireOpen();
      const topicName = names.nameOf(topic);
      return keep(await openFollower({ kafka, admin, prefix, topicName, onEntry, onError }));
    },
    async consume(consume) {
      requireOpen();
      const at = {
        topicName: names.nameOf(consume.topic),
        group: groupNameOf(prefix, consume),
      };
      const { compression } = settings;
      return keep(await openGroupConsumer({ kafka, admin, names, compression, consume, onError, ...at }));
    },
    scan(topic, sinceMs) {
      requireOpen();
      return scanTopic({ kafka, admin, prefix, topicName: names.nameOf(topic), sinceMs, onError });
    },
    async extents(topic) {
      requireOpen();
      const ranges = await asLogError(offsetRanges(admin, names.nameOf(topic)));
      return ranges.map((range) => ({ ...range, partition: names.partitionOf(topic, range.partition) }));
    },
    async completeSinceMs(topic) {
      requireOpen();
      return asLogError(completeSince(admin, names.nameOf(topic), Date.now()));
    },
    async lag(topic, group) {
      requireOpen();
      const at = { topicName: names.nameOf(topic), group: groupNameOf(prefix, { topic, group }) };
      const lags = await asLogError(groupLag(admin, at));
      return lags.map((lag) => ({ ...lag, partition: names.partitionOf(topic, lag.partition) }));
    },
    pendingBytes: () => producer.pendingBytes(),
    close: () => (closing ??= closeAll()),
  };
}

async function connect(admin: Admin, settings: KafkaSettings): Promise<TopicNames> {
  try {
    await admin.connect();
    return await openTopics(admin, settings);
  } catch (cause) {
    await admin.disconnect();
    throw new EventLogError(`Kafka at ${settings.brokers.join(", ")} cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

async function asLogError<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new EventLogError(`Kafka does not tell what it holds: ${messageOf(cause)}`, { cause });
  }
}
