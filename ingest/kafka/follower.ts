import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import { EventLogError, type Follower, type LogEntry } from "../event-log.ts";
import { shareNextRun } from "../segments/sharing.ts";
import { offsetRanges } from "./offsets.ts";
import { openReader, type ReaderOptions } from "./reader.ts";

const FETCH_WAIT_MS = 1_000;
const MAX_FETCH_BYTES = 1 << 20;
/** A request may wait for it. */
const CATCH_UP_TIMEOUT_MS = 2_000;

export interface FollowerOptions extends Pick<ReaderOptions, "kafka" | "topicName" | "onError"> {
  readonly admin: Admin;
  /** In front of the group's name. Each follower is a group of its own, that commits nothing and so leaves nothing behind. */
  readonly prefix: string;
  readonly onEntry: (entry: LogEntry) => void;
}

/** Reads a whole topic and follows it. Resolves when what was there at the start has been handed over. */
export async function openFollower(options: FollowerOptions): Promise<Follower> {
  const { admin, topicName, onEntry } = options;
  /** The next offset of each partition; kept here, so that a new generation of the group repeats nothing. */
  const positions = new Map<number, number>();
  const waiting = new Set<() => void>();
  let closed = false;

  const reader = await openReader({
    ...options,
    group: `${options.prefix}follower-${randomUUID()}`,
    maxWaitMs: FETCH_WAIT_MS,
    maxBytesPerPartition: MAX_FETCH_BYTES,
    startAt: async (partition) => positions.get(partition) ?? null,
    async deliver({ partition, entries, done }) {
      for (const entry of entries) {
        if (closed) return undefined;
        onEntry(entry);
        positions.set(partition, entry.offset + 1);
      }
      await done((entries.at(-1)?.offset ?? -1) + 1);
      for (const check of [...waiting]) check();
      return undefined;
    },
  });

  const reached = ({ partition, start, end }: { partition: number; start: number; end: number }) =>
    Math.max(start, positions.get(partition) ?? 0) >= end;

  async function reachEnd(): Promise<void> {
    const targets = await offsetRanges(admin, topicName);
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!closed && !targets.every(reached)) return;
        waiting.delete(check);
        if (closed) reject(new EventLogError(`the follower of ${topicName} is closed`));
        else resolve();
      };
      waiting.add(check);
      check();
    });
  }

  const reachEndTogether = shareNextRun(reachEnd);

  async function close(): Promise<void> {
    closed = true;
    for (const check of [...waiting]) check();
    await reader.close();
  }

  try {
    await reachEnd();
  } catch (cause) {
    await close();
    throw new EventLogError(`${topicName} cannot be followed`, { cause });
  }
  return { catchUp: () => within(CATCH_UP_TIMEOUT_MS, topicName, reachEndTogether()), close };
}

/** A run that takes longer goes on for those who come later. */
async function within(maxMs: number, topicName: string, run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const error = new EventLogError(`the end of ${topicName} was not reached within ${maxMs} ms`);
    timer = setTimeout(() => reject(error), maxMs);
  });
  try {
    await Promise.race([run, timeout]);
  } catch (cause) {
    if (cause instanceof EventLogError) throw cause;
    throw new EventLogError(`the end of ${topicName} cannot be told`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
