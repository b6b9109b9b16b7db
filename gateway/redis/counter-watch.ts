import { z } from "zod";
import { describeGap, statusOf } from "../usage-journal/counter-gap.ts";
import { counterGap } from "../usage-journal/rebuild.ts";
import type { RecordedCounters } from "../usage-journal/recorded-counters.ts";
import { type CounterGap, requestOfReservation, type UsageStoreStatus } from "../usage-store.ts";
import { type RedisConnection, readScript, type Script } from "./connection.ts";
import { expiryOf, type Keys } from "./keys.ts";
import type { Lineage } from "./lineage.ts";

export interface CounterWatchOptions {
  readonly redis: RedisConnection;
  readonly keys: Keys;
  readonly lineage: Lineage;
  readonly now: () => number;
  /** What counters are made anew from; null: from nothing, and a loss is never mended. */
  readonly recorded: RecordedCounters | null;
  /** Reservations that this gateway has not ended. */
  readonly openHere: () => number;
  /** Ends reservations whose requests the rebuilt counters have. */
  readonly forget: (ids: readonly string[]) => Promise<void>;
  /** The counters were made anew, and have everything that this gateway had recorded. */
  readonly onRebuilt: () => void;
  /** Until then, windows that the log does not have whole are served. */
  readonly gapAcceptedUntilMs: number;
  readonly onError: (error: unknown) => void;
}

export interface CounterWatch {
  /** Learns of a rebuild at once. */
  look(): Promise<void>;
  /** What the counters lack, unless an operator has accepted it. */
  gap(): CounterGap | null;
  status(): UsageStoreStatus;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** Gateways that are there have said so by then. */
const GATHER_MS = 4_000;
/** One that has not said anything for so long is gone. */
const GONE_AFTER_MS = 10_000;
const LOCK_MS = 30_000;
const MAX_COUNTERS_AT_ONCE = 500;
/** A gateway that was away for longer has its Redis rebuilt, to be sure. */
const MARK_KEPT_MS = 90 * 86_400_000;

const report = z.object({
  owner: z.string().default(""),
  atMs: z.number(),
  busy: z.boolean(),
  epoch: z.number().default(0),
});
const rebuilt = z.object({ present: z.array(z.string()), gap: counterGap.nullable() });
type Rebuilt = z.infer<typeof rebuilt>;
const looked = z.tuple([z.enum(["same", "newer", "lost"]), z.coerce.number(), z.coerce.number(), z.string()]);

const lookScript = scriptOnce("look.lua");
const rebuildScript = scriptOnce("rebuild.lua");
export const watchScripts = (): Script[] => [lookScript(), rebuildScript()];

/**
 * Notices that Redis has lost its counters (flushed, or started on an empty disk) or has older ones than it had (restored from a copy,
 * a replica that lagged behind, a power cut), and has them made anew from the event log. Until that is done nothing is reserved. One
 * gateway does it, when each of them has nothing in flight any more and all that it has recorded is in the log: then the log's events
 * are all that was used. A gateway that dies meanwhile, or that cannot reach Redis, is not waited for.
 */
export async function watchCounters(options: CounterWatchOptions): Promise<CounterWatch> {
  const { redis, keys, lineage, now, recorded, gapAcceptedUntilMs, onError } = options;
  let noticedAtMs: number | null = null;
  let looking: Promise<void> | null = null;
  let known: Rebuilt | null = null;
  let knownText = "";

  async function look(): Promise<void> {
    const names = [keys.epoch, keys.mark(lineage.owner), keys.rebuilt];
    const args = [lineage.epoch, lineage.mark, MARK_KEPT_MS].map(String);
    const [state, epoch, mark, text] = looked.parse(await redis.run(lookScript(), names, args));
    if (text !== knownText) learn(text);
    if (state === "newer") {
      lineage.adopt(epoch, mark);
      if (known?.present.includes(lineage.owner)) options.onRebuilt();
    }
    if (state === "lost") await mend();
    else noticedAtMs = null;
    await lineage.save();
  }

  function learn(text: string): void {
    knownText = text;
    known = text === "" ? null : rebuilt.parse(JSON.parse(text));
    const status = statusOf(known?.gap ?? null, { nowMs: now(), acceptedUntilMs: gapAcceptedUntilMs });
    if (status.state === "incomplete") onError(new Error(describeGap(status.gap)));
  }

  async function mend(): Promise<void> {
    if (recorded === null) return;
    if (noticedAtMs === null)
      onError(
        new Error(
          "Redis has lost its counters, or has older ones than it had: no request is taken until they are made anew from the log",
        ),
      );
    noticedAtMs ??= now();
    const busy = options.openHere() > 0 || !(await recorded.isComplete());
    const { owner, epoch } = lineage;
    await redis.setHashFields(keys.reports, { [owner]: JSON.stringify({ owner, atMs: now(), busy, epoch }) });
    if (now() - noticedAtMs < GATHER_MS) return;
    const reports = (await redis.hashValues(keys.reports)).map((one) => report.parse(JSON.parse(one)));
    const present = reports.filter(({ atMs }) => now() - atMs < GONE_AFTER_MS);
    if (present.some((one) => one.busy)) return;
    await rebuild(options, recorded, {
      present: present.map((one) => one.owner),
      epoch: Math.max(epoch, ...reports.map((one) => one.epoch)),
    });
  }

  // At the start, where nothing was ever recorded, nothing can be missing.
  if (recorded === null || (await recorded.isEmpty()))
    await write(options, { counters: [], last: { present: [], gap: null }, epoch: lineage.epoch });
  await look();
  const lookOnce = (): Promise<void> =>
    (looking ??= look().finally(() => {
      looking = null;
    }));
  const timer = setInterval(() => void lookOnce().catch(onError), LOOK_EVERY_MS);
  timer.unref();
  return {
    look: lookOnce,
    gap: () => (now() < gapAcceptedUntilMs ? null : (known?.gap ?? null)),
    status: () =>
      noticedAtMs === null
        ? statusOf(known?.gap ?? null, { nowMs: now(), acceptedUntilMs: gapAcceptedUntilMs })
        : { state: "rebuilding" },
    async close() {
      clearInterval(timer);
      await looking?.catch(onError);
      await lineage.save();
    },
  };
}

async function rebuild(
  options: CounterWatchOptions,
  recorded: RecordedCounters,
  { present, epoch }: { readonly present: readonly string[]; readonly epoch: number },
): Promise<void> {
  const hold = (): Promise<boolean> => write(options, { counters: [], last: null, epoch });
  if (!(await hold())) return;
  const holding = setInterval(() => void hold().catch(options.onError), LOCK_MS / 3);
  try {
    // What older counters have open may be over: the log knows. What it does not know died with its gateway, and expires.
    const open = await options.redis.members(options.keys.open);
    const used = await recorded.read(new Set(open.map(requestOfReservation)));
    for (let at = 0; at < used.counters.length; at += MAX_COUNTERS_AT_ONCE) {
      const counters = used.counters.slice(at, at + MAX_COUNTERS_AT_ONCE);
      if (!(await write(options, { counters, last: null, epoch }))) return;
    }
    await options.forget(open.filter((id) => used.recorded.has(requestOfReservation(id))));
    await write(options, { counters: [], last: { present: [...present], gap: used.gap }, epoch });
  } finally {
    clearInterval(holding);
  }
}

interface Part {
  readonly counters: Awaited<ReturnType<RecordedCounters["read"]>>["counters"];
  /** Null: more is to come. */
  readonly last: Rebuilt | null;
  readonly epoch: number;
}

/** Takes the lock, or keeps it. False: another one rebuilds, or it is done. */
async function write(
  { redis, keys, lineage }: Pick<CounterWatchOptions, "redis" | "keys" | "lineage">,
  { counters, last, epoch }: Part,
): Promise<boolean> {
  const names = [keys.epoch, keys.rebuildLock, keys.rebuilt, ...counters.map(({ key }) => keys.counter(key))];
  const args = [
    lineage.owner,
    String(LOCK_MS),
    last === null ? "0" : "1",
    String(epoch),
    JSON.stringify(last),
  ];
  for (const counter of counters)
    args.push(String(counter.used), expiryOf(counter), counter.isWhole ? "1" : "0");
  return (await redis.run(rebuildScript(), names, args)) === 1;
}

export function scriptOnce(name: string): () => Script {
  let script: Script | null = null;
  return () => (script ??= readScript(name));
}
