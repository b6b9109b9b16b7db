import type { PartitionExtent } from "../../ingest/event-log.ts";
import { connectRedis } from "./connection.ts";
import { keysOf } from "./keys.ts";

/** How many request events all gateways have recorded, ever. */
export interface EventCount {
  /** Exact for this gateway, for the others as of a moment ago. */
  total(): Promise<number>;
  close(): Promise<void>;
}

export interface EventCountOptions {
  readonly url: string;
  readonly prefix: string;
  /** What this gateway's spool holds: one partition a run, whose end is the number of events that the run has recorded. */
  readonly ownRuns: () => Promise<readonly PartitionExtent[]>;
  readonly onError: (error: unknown) => void;
}

const TELL_EVERY_MS = 1_000;

/**
 * Each run of a gateway has a name, under which it sets (never adds) its count. The count is read from the spool's files, so a crash
 * loses nothing of it: the next run tells it again. What other runs have told is remembered, and told again for them when Redis has
 * lost it.
 */
export async function openEventCount(options: EventCountOptions): Promise<EventCount> {
  const { ownRuns, onError } = options;
  const redis = await connectRedis({ ...options, scripts: [] });
  const key = keysOf(options.prefix).recorded;
  const told = new Map<string, string>();
  let telling: Promise<void> | null = null;

  async function tell(): Promise<void> {
    const there = new Map(Object.entries(await redis.hash(key)));
    const lost = [...told].filter(([run]) => !there.has(run));
    for (const [run, count] of there) told.set(run, count);
    const own = (await ownRuns()).map(({ partition, end }) => [partition, end] as const);
    if (lost.length + own.length > 0) await redis.setHashFields(key, Object.fromEntries([...lost, ...own]));
  }

  const timer = setInterval(() => {
    telling ??= tell()
      .catch(onError)
      .finally(() => {
        telling = null;
      });
  }, TELL_EVERY_MS);
  timer.unref();
  return {
    async total() {
      await tell();
      return (await redis.hashValues(key)).reduce((sum, count) => sum + Number(count), 0);
    },
    async close() {
      clearInterval(timer);
      await telling;
      await tell().catch(onError);
      await redis.close();
    },
  };
}
