import type { Windows } from "../policy/charges.ts";
import { hourClock } from "../policy/hour-of-day.ts";
import { windowsClock } from "../policy/windows-clock.ts";

/** The calendar of a replay, whose time only goes on. */
export interface ReplayClock {
  windowsAt(ms: number): Windows;
  /** 0-23 */
  hourOf(ms: number): number;
}

export function openReplayClock(timezone: string): ReplayClock {
  return { hourOf: hourClock(timezone), windowsAt: windowsClock(timezone) };
}
