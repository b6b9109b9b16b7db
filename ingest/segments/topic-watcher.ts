import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { EventLogError } from "../event-log.ts";
import { CLOSED_FILE, listPartition, listPartitions } from "./layout.ts";
import { shareNextRun } from "./sharing.ts";

/** Tells that a partition has changed, or with `null` that any of them may have: a hint to read, never the truth. */
export type ChangeListener = (partition: string | null) => void;

export interface TopicWatcher {
  /** Answers how to unsubscribe. */
  subscribe(listener: ChangeListener): () => void;
  close(): void;
}

export interface TopicWatcherOptions {
  readonly topicDirectory: string;
  /** The safety net under the file system's notifications, which may be lost. */
  readonly pollMs: number;
  readonly onError: (error: EventLogError) => void;
}

/** The newest ones; older ones that are still open are found by polling. */
const MAX_WATCHED_PARTITIONS = 256;
/** Where notifications are not to be had (an exhausted inotify limit, some network file systems). */
const UNWATCHED_POLL_MS = 50;

export function openTopicWatcher(options: TopicWatcherOptions): TopicWatcher {
  const { topicDirectory, onError } = options;
  const listeners = new Set<ChangeListener>();
  const watched = new Map<string, FSWatcher>();
  const finished = new Set<string>();
  const refresh = shareNextRun(watchNewPartitions);
  let degraded = false;
  let closed = false;

  function emit(partition: string | null): void {
    for (const listener of listeners) listener(partition);
  }

  function poll(): void {
    emit(null);
    refreshInBackground();
  }

  function refreshInBackground(): void {
    refresh().catch((cause: unknown) =>
      onError(new EventLogError(`cannot list ${topicDirectory}`, { cause })),
    );
  }

  async function watchNewPartitions(): Promise<void> {
    const newest = (await listPartitions(topicDirectory)).slice(-MAX_WATCHED_PARTITIONS);
    for (const [partition, watcher] of watched)
      if (!newest.includes(partition)) stopWatching(partition, watcher);
    for (const partition of newest) {
      if (closed || degraded || watched.has(partition) || finished.has(partition)) continue;
      const watcher = watchDirectory(join(topicDirectory, partition), (fileName) => {
        if (fileName === CLOSED_FILE) stopWatching(partition, watched.get(partition));
        emit(partition);
      });
      if (watcher === null) continue;
      watched.set(partition, watcher);
      // Closed before it was watched: nothing will come.
      if ((await listPartition(join(topicDirectory, partition)))?.closed) stopWatching(partition, watcher);
      emit(partition);
    }
  }

  function stopWatching(partition: string, watcher: FSWatcher | undefined): void {
    finished.add(partition);
    watched.delete(partition);
    watcher?.close();
  }

  function watchDirectory(directory: string, onChange: (fileName: string | null) => void): FSWatcher | null {
    try {
      const watcher = watch(directory, (_event, fileName) => onChange(fileName));
      return watcher.on("error", (cause) => degrade(cause));
    } catch (cause) {
      degrade(cause);
      return null;
    }
  }

  function degrade(cause: unknown): void {
    if (degraded || closed) return;
    degraded = true;
    clearInterval(timer);
    timer = setInterval(poll, Math.min(UNWATCHED_POLL_MS, options.pollMs));
    onError(
      new EventLogError(`cannot watch ${topicDirectory}, polling it every ${UNWATCHED_POLL_MS} ms`, {
        cause,
      }),
    );
  }

  let timer = setInterval(poll, options.pollMs);
  const topicWatcher = watchDirectory(topicDirectory, refreshInBackground);
  refreshInBackground();

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      clearInterval(timer);
      listeners.clear();
      topicWatcher?.close();
      for (const watcher of watched.values()) watcher.close();
    },
  };
}
