import { EventLogError, type RecordLog, TOPICS, type Topic } from "./event-log.ts";
import { groupsDirectoryOf, isPlainName, makeDirectory, topicDirectoryOf } from "./segments/layout.ts";
import { applyRetention, type RetentionRules, type TopicRetention } from "./segments/retention.ts";
import { openTopicLog, type TopicLog } from "./segments/topic-log.ts";

export interface EmbeddedEventLogOptions {
  /** Shared by all processes of one machine. */
  readonly directory: string;
  /** The process's name in partition names, such as `gateway-1`. */
  readonly writer: string;
  readonly now?: () => number;
  readonly segmentBytes?: number;
  readonly maxPendingBytes?: number;
  readonly pollMs?: number;
  /** Turns retention on: one process of a machine should do it. */
  readonly retention?: RetentionRules;
  readonly retentionEveryMs?: number;
  readonly onRetention?: (reports: readonly TopicRetention[]) => void;
  /** Damage, and failures behind the scenes that are tried again. Must not throw. Default: a process warning. */
  readonly onError?: (error: EventLogError) => void;
}

const DEFAULT_SEGMENT_BYTES = 64 << 20;
const DEFAULT_MAX_PENDING_BYTES = 64 << 20;
const DEFAULT_POLL_MS = 1_000;
const DEFAULT_RETENTION_EVERY_MS = 15 * 60 * 1_000;

/** The event log as segment files in a directory. Two processes never write one file: each run writes partitions of its own. */
export async function openEmbeddedEventLog(options: EmbeddedEventLogOptions): Promise<RecordLog> {
  const { directory, writer, now = Date.now, onError = warn } = options;
  if (!isPlainName(writer)) throw new EventLogError(`"${writer}" cannot be a writer's name`);
  const pending = { limit: options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES, value: 0 };
  const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
  const pollMs = options.pollMs ?? DEFAULT_POLL_MS;
  const topics = new Map<Topic, TopicLog>();
  for (const topic of TOPICS) {
    const topicDirectory = topicDirectoryOf(directory, topic);
    const groupsDirectory = groupsDirectoryOf(directory, topic);
    await makeDirectory(topicDirectory);
    const shared = { writer, now, segmentBytes, pollMs, pending, onError };
    topics.set(topic, openTopicLog({ ...shared, topicDirectory, groupsDirectory }));
  }
  let closing: Promise<void> | null = null;

  function topicLog(topic: Topic): TopicLog {
    const log = topics.get(topic);
    if (closing !== null || log === undefined) throw new EventLogError("the event log is closed");
    return log;
  }

  const retention = startRetention(options, { topics, now, onError });

  async function closeAll(): Promise<void> {
    await retention.stop();
    await Promise.all([...topics.values()].map((log) => log.close()));
  }

  return {
    append: async (topic, records) => topicLog(topic).append(records),
    follow: async (topic, onEntry) => topicLog(topic).follow(onEntry),
    consume: async (consume) => {
      requirePlainGroup(consume.group);
      return topicLog(consume.topic).consume(consume);
    },
    scan: (topic, sinceMs) => topicLog(topic).scan(sinceMs),
    extents: async (topic) => topicLog(topic).extents(),
    lag: async (topic, group) => {
      requirePlainGroup(group);
      return topicLog(topic).lag(group);
    },
    pendingBytes: () => pending.value,
    close: () => (closing ??= closeAll()),
  };
}

function requirePlainGroup(group: string): void {
  if (!isPlainName(group)) throw new EventLogError(`"${group}" cannot be a group's name`);
}

function startRetention(
  { directory, retention: rules, retentionEveryMs, onRetention }: EmbeddedEventLogOptions,
  log: { topics: ReadonlyMap<Topic, TopicLog>; now: () => number; onError: (error: EventLogError) => void },
): { stop(): Promise<void> } {
  if (rules === undefined) return { stop: async () => {} };
  let running: Promise<void> | null = null;

  async function retain(rules: RetentionRules): Promise<void> {
    const inUse = new Set([...log.topics.values()].flatMap((topicLog) => topicLog.writing() ?? []));
    const extents = async (topic: Topic) => (await log.topics.get(topic)?.extents()) ?? [];
    const reports = await applyRetention({ directory, rules, nowMs: log.now(), inUse, extents });
    for (const report of reports.filter(({ excessBytes }) => excessBytes > 0))
      log.onError(excessError(report));
    onRetention?.(reports);
  }

  const timer = setInterval(() => {
    running ??= retain(rules)
      .catch((cause: unknown) => log.onError(new EventLogError("retention failed", { cause })))
      .finally(() => (running = null));
  }, retentionEveryMs ?? DEFAULT_RETENTION_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

function excessError({ topic, bytes, excessBytes }: TopicRetention): EventLogError {
  return new EventLogError(
    `topic ${topic} has ${bytes} bytes, ${excessBytes} too many, and they are not yet consumed by every group`,
  );
}

function warn(error: EventLogError): void {
  process.emitWarning(error);
}
