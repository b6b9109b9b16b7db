import type { ConsumeOptions, EventLogError, Follower, LogConsumer, LogEntry } from "../event-log.ts";
import { type ConsumerGroup, openConsumer, openConsumerGroup } from "./consumer.ts";
import { openTopicExtents, type TopicExtents } from "./extents.ts";
import { openFollower } from "./follower.ts";
import { scanTopic } from "./scan.ts";
import { openTopicWatcher, type TopicWatcher } from "./topic-watcher.ts";
import { openTopicWriter, type TopicWriter, type TopicWriterOptions } from "./topic-writer.ts";

/** One topic of the log: the event log's methods without the topic, and what they share. */
export interface TopicLog {
  readonly append: TopicWriter["append"];
  readonly extents: TopicExtents["read"];
  /** The partition being written by this process, if any. */
  readonly writing: TopicWriter["partition"];
  follow(onEntry: (entry: LogEntry) => void): Promise<Follower>;
  consume(options: ConsumeOptions): Promise<LogConsumer>;
  scan(sinceMs: number): AsyncIterable<LogEntry>;
  close(): Promise<void>;
}

export interface TopicLogOptions extends TopicWriterOptions {
  readonly groupsDirectory: string;
  readonly pollMs: number;
  readonly onError: (error: EventLogError) => void;
}

export function openTopicLog(options: TopicLogOptions): TopicLog {
  const { topicDirectory, onError } = options;
  const writer = openTopicWriter(options);
  const extents = openTopicExtents({ topicDirectory, onError });
  const groups = new Map<string, Promise<ConsumerGroup>>();
  const readers = new Set<{ close(): Promise<void> }>();
  let watcher: TopicWatcher | null = null;

  function watch(): TopicWatcher {
    watcher ??= openTopicWatcher(options);
    return watcher;
  }

  function joinGroup(name: string): Promise<ConsumerGroup> {
    const known = groups.get(name);
    if (known) return known;
    const joining = openConsumerGroup({ directory: options.groupsDirectory, group: name, onError });
    groups.set(name, joining);
    joining.catch(() => groups.delete(name));
    return joining;
  }

  function keep<T extends { close(): Promise<void> }>(reader: T): T {
    readers.add(reader);
    return reader;
  }

  return {
    append: writer.append,
    extents: extents.read,
    writing: writer.partition,
    async follow(onEntry) {
      return keep(await openFollower({ topicDirectory, watcher: watch(), onEntry, onError }));
    },
    async consume(consume) {
      const group = await joinGroup(consume.group);
      const shared = { topicDirectory, watcher: watch(), extents: extents.read, onError };
      return keep(await openConsumer({ ...shared, group, consume }));
    },
    async *scan(sinceMs) {
      yield* scanTopic({ topicDirectory, sinceMs, extents: await extents.read(), onError });
    },
    async close() {
      await writer.close();
      await Promise.all([...readers].map((reader) => reader.close()));
      watcher?.close();
      await extents.close();
      for (const group of groups.values()) await (await group).offsets.close();
      groups.clear();
    },
  };
}
