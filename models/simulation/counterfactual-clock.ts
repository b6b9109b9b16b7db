import { windowClock } from "../domain/window.ts";
import type { Windows } from "../policy/charges.ts";
import { hourClock } from "../policy/hour-of-day.ts";

/** The calendar of a replay, whose time only goes on. */
export interface ReplayClock {
  windowsAt(ms: number): Windows;
  /** 0-23 */
  hourOf(ms: number): number;
}

export function openReplayClock(timezone: string): ReplayClock {
  const window = windowClock(timezone);
  let current: Windows | null = null;
  return {
    hourOf: hourClock(timezone),
    windowsAt(ms) {
      if (current !== null && ms >= current.minute.startMs && ms < current.minute.endMs) return current;
      current = {
        minute: window("minute", ms),
        day: window("day", ms),
        week: window("week", ms),
        month: window("month", ms),
      };
      return current;
    },
  };
}
