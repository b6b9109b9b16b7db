import type { LogBatch, LogEntry, LogRecord, RecordLog, Topic } from "../../ingest/event-log.ts";

/** What has arrived so far, and a way to wait for it. */
export interface Arrivals<T> {
  readonly items: readonly T[];
  add(...items: readonly T[]): void;
  /** Resolves as soon as the condition holds; the test's own time limit is the bound. */
  until(condition: (items: readonly T[]) => boolean): Promise<void>;
  untilCount(count: number): Promise<void>;
}

export function createArrivals<T>(): Arrivals<T> {
  const items: T[] = [];
  const waiting = new Set<() => void>();
  function until(condition: (items: readonly T[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      function check(): void {
        if (!condition(items)) return;
        waiting.delete(check);
        resolve();
      }
      waiting.add(check);
      check();
    });
  }
  return {
    items,
    add(...added) {
      items.push(...added);
      for (const check of [...waiting]) check();
    },
    until,
    untilCount: (count) => until(({ length }) => length >= count),
  };
}

export function recordOf(key: string, value: string): LogRecord {
  return { key, value: Buffer.from(value) };
}

export function recordsOf(key: string, count: number, first = 0): LogRecord[] {
  return Array.from({ length: count }, (_, index) => recordOf(key, `{"n":${first + index}}`));
}

export function textOf(entry: LogEntry): string {
  return entry.value.toString();
}

export async function scanAll(log: RecordLog, topic: Topic, sinceMs = 0): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of log.scan(topic, sinceMs)) entries.push(entry);
  return entries;
}

/** Fails unless each partition's offsets ascend without a repetition; `dense` also refuses gaps. */
export function offsetProblems(batches: readonly LogBatch[], { dense }: { dense: boolean }): string[] {
  const last = new Map<string, number>();
  const problems: string[] = [];
  for (const { partition, entries } of batches) {
    for (const { offset } of entries) {
      const previous = last.get(partition);
      const expected = previous === undefined ? offset : previous + 1;
      if (dense ? offset !== expected : offset < expected)
        problems.push(`${partition}: ${offset} after ${previous}`);
      last.set(partition, offset);
    }
  }
  return problems;
}
