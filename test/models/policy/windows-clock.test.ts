import fc from "fast-check";
import { expect, it } from "vitest";
import { calendarWindow } from "../../../models/domain/window.ts";
import { windowsClock } from "../../../models/policy/windows-clock.ts";

const MINUTE_MS = 60_000;
const GRAINS = ["minute", "day", "week", "month"] as const;
/** Clocks that change by an hour or half of one, and one that is a quarter of an hour off. */
const zone = fc.constantFrom("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC");
const day = fc.integer({ min: 0, max: 370 });
const minuteOfDay = fc.integer({ min: 0, max: 24 * 60 });
const msOfMinute = fc.constantFrom(0, 1, 30_000, MINUTE_MS - 1);
const moment = fc
  .tuple(day, minuteOfDay, msOfMinute)
  .map(([days, minutes, ms]) => Date.UTC(2026, 0, 1) + (days * 24 * 60 + minutes) * MINUTE_MS + ms);

it("gives the windows of the calendar, in whatever order it is asked, and one object for each minute in a row", () => {
  fc.assert(
    fc.property(zone, fc.array(moment, { maxLength: 12 }), (timeZone, moments) => {
      const clock = windowsClock(timeZone);
      for (const atMs of moments) {
        const windows = clock(atMs);
        for (const grain of GRAINS) expect(windows[grain]).toEqual(calendarWindow(grain, atMs, timeZone));
        expect(clock(windows.minute.endMs - 1)).toBe(windows);
        expect(clock(windows.minute.endMs)).not.toBe(windows);
      }
    }),
    { numRuns: 60 },
  );
});
