import { z } from "zod";
import { type RedisConnection, readScript, type Script } from "./connection.ts";
import type { Keys } from "./keys.ts";

/** What the event log tells of all that was recorded. */
export interface RecordedCounters {
  /** Everything that this process has recorded so far is where all processes find it; false: not within some seconds. */
  isComplete(): Promise<boolean>;
  /** Nothing was ever recorded. */
  isEmpty(): Promise<boolean>;
  /** Counters whose window is not over: what is used, and when the counter may go (milliseconds; 0: never). */
  counters(): Promise<ReadonlyMap<string, { readonly used: number; readonly expiresAtMs: number }>>;
}

export interface RecountOptions {
  readonly redis: RedisConnection;
  readonly keys: Keys;
  /** This gateway. */
  readonly owner: string;
  readonly now: () => number;
  /** Reservations that this gateway has not ended. */
  readonly openHere: () => number;
  readonly recorded: RecordedCounters;
  readonly onError: (error: unknown) => void;
}

export interface Recount {
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** Gateways that are there have said so by then. */
const GATHER_MS = 4_000;
/** One that has not said anything for so long is gone. */
const GONE_AFTER_MS = 10_000;
const LOCK_MS = 30_000;
const MAX_COUNTERS_AT_ONCE = 500;

const report = z.object({ atMs: z.number(), busy: z.boolean() });

export const recountScript = scriptOnce("recount.lua");

/**
 * Notices that Redis has lost its counters (flushed, or started on an empty disk) and has them counted anew from the event log. Until
 * that is done nothing is reserved. One gateway counts, when each of them has nothing in flight any more and all that it has recorded
 * is in the log: then the log's events are all that was used. A gateway that dies meanwhile, or that cannot reach Redis but has
 * recorded something, is not waited for.
 */
export function startRecount(options: RecountOptions): Recount {
  let noticedAtMs: number | null = null;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const { redis, keys, now } = options;
    if ((await redis.get(keys.whole)) !== null) {
      noticedAtMs = null;
      return;
    }
    if (noticedAtMs === null)
      options.onError(new Error("Redis has lost its counters: no request is taken until they are counted"));
    noticedAtMs ??= now();
    const busy = options.openHere() > 0 || !(await options.recorded.isComplete());
    await redis.setHashFields(keys.reports, { [options.owner]: JSON.stringify({ atMs: now(), busy }) });
    if (now() - noticedAtMs < GATHER_MS) return;
    const reports = (await redis.hashValues(keys.reports)).map((text) => report.parse(JSON.parse(text)));
    const present = reports.filter(({ atMs }) => now() - atMs < GONE_AFTER_MS);
    if (!present.some((one) => one.busy)) await recount(options);
  }

  const timer = setInterval(() => {
    looking ??= look()
      .catch(options.onError)
      .finally(() => {
        looking = null;
      });
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Says that the counters are whole, where nothing was ever recorded. */
export async function beginWhole(options: Omit<RecountOptions, "openHere" | "onError">): Promise<void> {
  if (await options.recorded.isEmpty()) await write(options, [], true);
}

async function recount(options: RecountOptions): Promise<void> {
  if (!(await write(options, [], false))) return;
  const holding = setInterval(() => void write(options, [], false).catch(options.onError), LOCK_MS / 3);
  try {
    const counters = [...(await options.recorded.counters())];
    for (let at = 0; at < counters.length; at += MAX_COUNTERS_AT_ONCE)
      if (!(await write(options, counters.slice(at, at + MAX_COUNTERS_AT_ONCE), false))) return;
  } finally {
    clearInterval(holding);
  }
  await write(options, [], true);
}

type Counter = readonly [key: string, state: { readonly used: number; readonly expiresAtMs: number }];

/** Takes the lock, or keeps it. False: another one counts, or it is done. */
async function write(
  { redis, keys, owner }: Pick<RecountOptions, "redis" | "keys" | "owner">,
  counters: readonly Counter[],
  last: boolean,
): Promise<boolean> {
  const names = [keys.whole, keys.recountLock, ...counters.map(([key]) => keys.counter(key))];
  const args = [owner, String(LOCK_MS), last ? "1" : "0"];
  for (const [, { used, expiresAtMs }] of counters) args.push(String(used), String(expiresAtMs));
  return (await redis.run(recountScript(), names, args)) === 1;
}

function scriptOnce(name: string): () => Script {
  let script: Script | null = null;
  return () => (script ??= readScript(new URL(`./${name}`, import.meta.url)));
}
