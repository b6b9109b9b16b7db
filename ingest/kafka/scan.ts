import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import type { LogEntry } from "../event-log.ts";
import { createSignal } from "../segments/sharing.ts";
import { type OffsetRange, offsetRanges, offsetsSince } from "./offsets.ts";
import { openReader, type ReaderOptions } from "./reader.ts";

const FETCH_WAIT_MS = 100;
const MAX_FETCH_BYTES = 1 << 20;

export interface ScanOptions extends Pick<ReaderOptions, "kafka" | "topicName" | "onError"> {
  readonly admin: Admin;
  readonly prefix: string;
  readonly sinceMs: number;
}

/** One pass over what the topic holds now, from the moment on. At most one fetch of each partition is in memory. */
export async function* scanTopic(options: ScanOptions): AsyncIterable<LogEntry> {
  const { admin, topicName, sinceMs } = options;
  const [ranges, from] = await Promise.all([
    offsetRanges(admin, topicName),
    offsetsSince(admin, topicName, sinceMs),
  ]);
  const left = new Map<number, OffsetRange>();
  for (const { partition, start, end } of ranges) {
    const first = Math.max(start, from.get(partition) ?? end);
    if (first < end) left.set(partition, { partition, start: first, end });
  }
  if (left.size === 0) return;
  const arrived: { entries: readonly LogEntry[]; taken(): void }[] = [];
  const signal = createSignal();
  const reader = await openReader({
    ...options,
    group: `${options.prefix}scan-${randomUUID()}`,
    maxWaitMs: FETCH_WAIT_MS,
    maxBytesPerPartition: MAX_FETCH_BYTES,
    startAt: async (partition) => left.get(partition)?.start ?? null,
    async deliver({ partition, entries, interrupted, done }) {
      const range = left.get(partition);
      const nextOffset = (entries.at(-1)?.offset ?? -1) + 1;
      if (range !== undefined) {
        const fresh = entries.filter(({ offset }) => offset >= range.start && offset < range.end);
        await handOver(fresh, interrupted);
        if (nextOffset >= range.end) left.delete(partition);
        else left.set(partition, { ...range, start: nextOffset });
        signal.notify();
      }
      await done(nextOffset);
      return undefined;
    },
  });

  function handOver(entries: readonly LogEntry[], interrupted: AbortSignal): Promise<void> {
    if (entries.length === 0 || interrupted.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      arrived.push({ entries, taken: resolve });
      interrupted.addEventListener("abort", () => resolve(), { once: true });
      signal.notify();
    });
  }

  try {
    for (;;) {
      const next = arrived.shift();
      if (next !== undefined) {
        for (const entry of next.entries) if (entry.timestampMs >= sinceMs) yield entry;
        next.taken();
      } else if (left.size === 0) return;
      else await signal.wait();
    }
  } finally {
    await reader.close();
  }
}
