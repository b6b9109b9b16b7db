import {
  type ConsumeOptions,
  EventLogError,
  type Follower,
  type LogConsumer,
  type LogEntry,
  type PartitionLag,
} from "../event-log.ts";
import { type ConsumerGroup, openConsumer, openConsumerGroup } from "./consumer.ts";
import { openTopicExtents, type TopicExtents } from "./extents.ts";
import { openFollower } from "./follower.ts";
import { readGroupOffsets } from "./group-offsets.ts";
import { readCompleteSinceMs } from "./removed-mark.ts";
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
  completeSinceMs(): Promise<number>;
  lag(group: string): Promise<PartitionLag[]>;
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
  const readers = new Set<Closable>();
  let watcher: TopicWatcher | null = null;
  let closed = false;

  function watch(): TopicWatcher {
    if (closed) throw closedError();
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

  /** Until it is closed, by its user or with the log. */
  async function keep<T extends Closable>(opening: Promise<T>): Promise<T> {
    const reader = await opening;
    const kept = {
      ...reader,
      async close() {
        await reader.close();
        readers.delete(kept);
      },
    };
    readers.add(kept);
    if (!closed) return kept;
    await kept.close();
    throw closedError();
  }

  return {
    append: writer.append,
    extents: extents.read,
    writing: writer.partition,
    async follow(onEntry) {
      return keep(openFollower({ topicDirectory, watcher: watch(), onEntry, onError }));
    },
    async consume(consume) {
      const group = await joinGroup(consume.group);
      const shared = { topicDirectory, watcher: watch(), extents: extents.read, onError };
      return keep(openConsumer({ ...shared, group, consume }));
    },
    async *scan(sinceMs) {
      yield* scanTopic({ topicDirectory, sinceMs, extents: await extents.read(), onError });
    },
    completeSinceMs: async () => readCompleteSinceMs(options, await extents.read()),
    async lag(group) {
      // Read first: what is written down later can only be nearer to the end.
      const offsets = await readGroupOffsets(options.groupsDirectory, group);
      return (await extents.read()).map(({ partition, start, end }) => {
        const committed = Math.max(start, offsets.get(partition) ?? 0);
        return { partition, end, committed, lag: Math.max(0, end - committed) };
      });
    },
    async close() {
      closed = true;
      await writer.close();
      await Promise.all([...readers].map((reader) => reader.close()));
      watcher?.close();
      await extents.close();
      for (const group of groups.values()) await (await group).offsets.close();
      groups.clear();
    },
  };
}

interface Closable {
  close(): Promise<void>;
}

function closedError(): EventLogError {
  return new EventLogError("the event log is closed");
}
