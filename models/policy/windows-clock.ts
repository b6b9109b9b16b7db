import { windowClock } from "../domain/window.ts";
import type { Windows } from "./counter-keys.ts";

/** All moments of a minute get the same windows, the object too: no other window begins within one. */
export function windowsClock(timeZone: string): (atMs: number) => Windows {
  const window = windowClock(timeZone);
  let last: Windows | null = null;
  return (atMs) => {
    if (last !== null && atMs >= last.minute.startMs && atMs < last.minute.endMs) return last;
    last = {
      minute: window("minute", atMs),
      day: window("day", atMs),
      week: window("week", atMs),
      month: window("month", atMs),
    };
    return last;
  };
}
