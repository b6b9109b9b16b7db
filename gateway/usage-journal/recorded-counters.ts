import type { EventOf } from "../../ingest/decode-record.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import { type CalendarWindow, calendarWindow } from "../../models/domain/window.ts";
import type { Windows } from "../../models/policy/charges.ts";
import { type CounterUse, recordedUse } from "../../models/policy/recorded-use.ts";
import { type CounterGap, GAP_GRAINS } from "../usage-store.ts";
import { findGap } from "./counter-gap.ts";
import { forgottenAtMs } from "./ledger.ts";

/** What the event log tells of all that was recorded: counters that were lost are made anew from it. */
export interface RecordedCounters {
  /** Everything that this process has recorded so far is where all processes find it; false: not within some seconds. */
  isComplete(): Promise<boolean>;
  /** Nothing was ever recorded. */
  isEmpty(): Promise<boolean>;
  /** `openRequests`: requests of which somebody wants to know whether the log has them. */
  read(openRequests: ReadonlySet<string>): Promise<RecordedUsage>;
}

export interface RecordedUsage {
  /** Those whose window is not over. */
  readonly counters: readonly RecordedCounter[];
  /** Of the open requests those that the log has. */
  readonly recorded: ReadonlySet<string>;
  /** What the log does not have any more; null: nothing of the windows of now. */
  readonly gap: CounterGap | null;
}

export interface RecordedCounter extends CounterUse {
  /** The log has everything since the counter's window began. */
  readonly isWhole: boolean;
}

export interface RecordedCountersOptions {
  readonly log: EventLog;
  /** Whether all that this process has appended so far is where all processes find it; waits for that, for some seconds. */
  readonly whenShared: () => Promise<boolean>;
  /** The catalog's. */
  readonly timezone: () => string;
  readonly now: () => number;
}

type RecordedRequest = EventOf<"requests">;

/** Copies of one event come close together; so many requests are remembered, about 100 MB. */
const MAX_REMEMBERED = 1_000_000;
/** In every time zone, windows begin at a whole quarter of an hour. */
const QUARTER_MS = 15 * 60_000;

/** The counters as the events of the log make them: one pass over all that it holds. */
export function recordedCounters(options: RecordedCountersOptions): RecordedCounters {
  const { log, whenShared, timezone, now } = options;
  const events = async (): Promise<number> =>
    (await log.extents("requests")).reduce((sum, { end }) => sum + end, 0);
  return {
    isComplete: whenShared,
    isEmpty: async () =>
      (await whenShared()) && (await events()) === 0 && (await log.completeSinceMs("requests")) === 0,
    async read(openRequests) {
      // Asked before the pass, and after it: retention may take something away meanwhile.
      const sinceMs = await log.completeSinceMs("requests");
      const windowsOf = byQuarter(timezone());
      const counters = new Map<
        string,
        { -readonly [Field in keyof RecordedCounter]: RecordedCounter[Field] }
      >();
      const recorded = new Set<string>();
      for await (const event of collapseRequests(log.scan("requests", 0))) {
        if (openRequests.has(event.request_id)) recorded.add(event.request_id);
        const windows = windowsOf(event.ts);
        for (const use of recordedUse(event, windows)) {
          if (forgottenAtMs(use) <= now()) continue;
          const counter = counters.get(use.key);
          if (counter === undefined) counters.set(use.key, { ...use, isWhole: true });
          else counter.used += use.used;
        }
      }
      const completeSinceMs = Math.max(sinceMs, await log.completeSinceMs("requests"));
      for (const counter of counters.values())
        counter.isWhole = startOf(counter, windowsOf) >= completeSinceMs;
      return {
        counters: [...counters.values()],
        recorded,
        gap: findGap(completeSinceMs, windowsOf(now())),
      };
    },
  };
}

/** One event of each live request. An orphaned one gives way to any other, and of two of them the one that cost more stays. */
async function* collapseRequests(events: AsyncIterable<RecordedRequest>): AsyncGenerator<RecordedRequest> {
  const isNew = rememberIds();
  const orphaned = new Map<string, RecordedRequest>();
  for await (const event of events) {
    if (event.source !== "live") continue;
    const { request_id, outcome, cost } = event;
    if (outcome === "orphaned" && orphaned.size < MAX_REMEMBERED) {
      if (cost >= (orphaned.get(request_id)?.cost ?? 0)) orphaned.set(request_id, event);
    } else if (isNew(request_id)) yield event;
  }
  for (const [id, event] of orphaned) if (isNew(id)) yield event;
}

function startOf({ scope, windowEndsAtMs }: CounterUse, windowsOf: (atMs: number) => Windows): number {
  const grain = GAP_GRAINS.find((one) => scope.endsWith(one));
  return grain === undefined ? 0 : windowsOf(windowEndsAtMs - 1)[grain].startMs;
}

function rememberIds(): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return false;
    const [oldest] = seen;
    if (seen.size >= MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest);
    seen.add(id);
    return true;
  };
}

function byQuarter(timezone: string): (atMs: number) => Windows {
  const known = new Map<number, Windows>();
  return (atMs) => {
    const quarter = Math.floor(atMs / QUARTER_MS);
    const found = known.get(quarter) ?? windowsAt(atMs, timezone);
    known.set(quarter, found);
    return found;
  };
}

function windowsAt(atMs: number, timezone: string): Windows {
  const windowOf = (grain: keyof Windows): CalendarWindow => calendarWindow(grain, atMs, timezone);
  return {
    minute: windowOf("minute"),
    day: windowOf("day"),
    week: windowOf("week"),
    month: windowOf("month"),
  };
}
