import type { UserEvent } from "../models/domain/user-event.ts";
import { decodeRecord } from "./decode-record.ts";
import { type ErasedFromLog, eraseFromSegments } from "./erase-from-segments.ts";
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
  /** Has the log forget users who were erased: beside retention, by the same process. */
  readonly erasure?: boolean;
  readonly eraseEveryMs?: number;
  readonly onErasure?: (erased: ErasedFromLog) => void;
  readonly onRetention?: (reports: readonly TopicRetention[]) => void;
  /** Damage, and failures behind the scenes that are tried again. Must not throw. Default: a process warning. */
  readonly onError?: (error: EventLogError) => void;
}

const DEFAULT_SEGMENT_BYTES = 64 << 20;
const DEFAULT_MAX_PENDING_BYTES = 64 << 20;
const DEFAULT_POLL_MS = 1_000;
const DEFAULT_RETENTION_EVERY_MS = 15 * 60 * 1_000;
const DEFAULT_ERASE_EVERY_MS = 6 * 60 * 60 * 1_000;

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

  const upkeep = startUpkeep(options, { topics, now, onError });

  async function closeAll(): Promise<void> {
    await upkeep.stop();
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
    completeSinceMs: async (topic) => topicLog(topic).completeSinceMs(),
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

/** Deletes what is old, and has the log forget users who were erased; one after the other, since both touch the same files. */
function startUpkeep(
  options: EmbeddedEventLogOptions,
  log: { topics: ReadonlyMap<Topic, TopicLog>; now: () => number; onError: (error: EventLogError) => void },
): { stop(): Promise<void> } {
  const { directory, retention: rules, erasure, eraseEveryMs = DEFAULT_ERASE_EVERY_MS } = options;
  if (rules === undefined && erasure !== true) return { stop: async () => {} };
  let running: Promise<void> | null = null;
  let nextErasureMs = 0;
  const partitionsInUse = () =>
    new Set([...log.topics.values()].flatMap((topicLog) => topicLog.writing() ?? []));

  const extents = async (topic: Topic) => (await log.topics.get(topic)?.extents()) ?? [];

  async function retain(given: RetentionRules): Promise<void> {
    const shared = { directory, nowMs: log.now(), inUse: partitionsInUse(), extents };
    const reports = await applyRetention({ ...shared, rules: given });
    for (const report of reports.filter(({ excessBytes }) => excessBytes > 0))
      log.onError(excessError(report));
    options.onRetention?.(reports);
  }

  async function* userEvents(): AsyncIterable<UserEvent> {
    for await (const { value } of log.topics.get("users")?.scan(0) ?? []) {
      const decoded = decodeRecord("users", value);
      // What is no event of a user is told by those who follow the topic.
      if (decoded.kind === "event") yield decoded.event;
    }
  }

  async function erase(): Promise<void> {
    const nowMs = log.now();
    if (erasure !== true || nowMs < nextErasureMs) return;
    nextErasureMs = nowMs + eraseEveryMs;
    const shared = { directory, nowMs, inUse: partitionsInUse(), extents };
    options.onErasure?.(await eraseFromSegments({ ...shared, userEvents }));
  }

  const timer = setInterval(() => {
    running ??= (rules === undefined ? Promise.resolve() : retain(rules))
      .then(erase)
      .catch((cause: unknown) => log.onError(new EventLogError("the log's upkeep failed", { cause })))
      .finally(() => (running = null));
  }, options.retentionEveryMs ?? DEFAULT_RETENTION_EVERY_MS);
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
