import type { EventLog } from "../../ingest/event-log.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { Windows } from "../../models/policy/charges.ts";
import { recordedUse } from "../../models/policy/recorded-use.ts";
import { expiryOf } from "./keys.ts";
import type { RecordedCounters } from "./recount.ts";

export interface RecordedCountersOptions {
  readonly log: EventLog;
  /** Whether all that this process has appended so far is where all processes find it; waits for that, for some seconds. */
  readonly whenShared: () => Promise<boolean>;
  /** The catalog's. */
  readonly timezone: () => string;
  readonly now: () => number;
}

/** Copies of one event come close together; so many requests are remembered, about 100 MB. */
const MAX_REMEMBERED = 1_000_000;
/** In every time zone, windows begin at a whole quarter of an hour. */
const QUARTER_MS = 15 * 60_000;

/** The counters as the events of the log make them: one pass over all that it holds. */
export function recordedCounters({
  log,
  whenShared,
  timezone,
  now,
}: RecordedCountersOptions): RecordedCounters {
  const events = async (): Promise<number> =>
    (await log.extents("requests")).reduce((sum, { end }) => sum + end, 0);
  return {
    isComplete: whenShared,
    isEmpty: async () => (await whenShared()) && (await events()) === 0,
    async counters() {
      const counters = new Map<string, { used: number; expiresAtMs: number }>();
      const isNew = rememberIds();
      const windowsOf = byQuarter(timezone());
      for await (const event of log.scan("requests", 0)) {
        if (event.source !== "live" || !isNew(event.request_id)) continue;
        for (const use of recordedUse(event, windowsOf(event.ts))) {
          const expiresAtMs = Number(expiryOf(use));
          if (expiresAtMs !== 0 && expiresAtMs <= now()) continue;
          const counter = counters.get(use.key);
          if (counter === undefined) counters.set(use.key, { used: use.used, expiresAtMs });
          else counter.used += use.used;
        }
      }
      return counters;
    },
  };
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
  return {
    minute: calendarWindow("minute", atMs, timezone),
    day: calendarWindow("day", atMs, timezone),
    week: calendarWindow("week", atMs, timezone),
    month: calendarWindow("month", atMs, timezone),
  };
}
