import { setTimeout as delay } from "node:timers/promises";
import { EventLogError } from "../event-log.ts";
import type { OnLogError } from "./client.ts";

/** The partitions that a reader has got in one generation of its group, and how far it has come in each. */
export interface Assignment {
  /** Resolves when it is known where the partition begins for this reader, and the reader was sent there. False: interrupted before. */
  ready(partition: number, interrupted: AbortSignal): Promise<boolean>;
  nextOffset(partition: number): number;
  advance(partition: number, nextOffset: number): void;
}

export interface AssignmentOptions {
  startAt(partition: number): Promise<number | null>;
  seek(partition: number, offset: number): void;
  readonly closing: AbortSignal;
  readonly onError: OnLogError;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;

export function openAssignment(partitions: readonly number[], options: AssignmentOptions): Assignment {
  const nextOffsets = new Map<number, number>();
  const started = new Map(partitions.map((partition) => [partition, startPartition(partition)]));

  async function startPartition(partition: number): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LAST_RETRY_MS, waitMs * 2)) {
      if (options.closing.aborted) return;
      try {
        const offset = await options.startAt(partition);
        if (offset !== null) options.seek(partition, offset);
        nextOffsets.set(partition, offset ?? 0);
        return;
      } catch (cause) {
        if (options.closing.aborted) return;
        options.onError(new EventLogError(`partition ${partition} cannot start`, { cause }));
        await delay(waitMs);
      }
    }
  }

  return {
    async ready(partition, interrupted) {
      await Promise.race([started.get(partition), whenAborted(interrupted)]);
      return !interrupted.aborted && nextOffsets.has(partition);
    },
    nextOffset: (partition) => nextOffsets.get(partition) ?? 0,
    advance: (partition, nextOffset) => nextOffsets.set(partition, nextOffset),
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
