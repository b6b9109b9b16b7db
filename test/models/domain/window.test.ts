import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendarWindow, type WindowGrain, windowClock } from "../../../models/domain/window.ts";

const HOUR_MS = 3_600_000;
const utc = (text: string) => Date.parse(`${text}Z`);

/** Name, beginning and end of the window, the moments as UTC. */
function windowAt(grain: WindowGrain, at: string, zone: string): string[] {
  const { name, startMs, endMs } = calendarWindow(grain, utc(at), zone);
  const minutes = (ms: number) => new Date(ms).toISOString().slice(0, 16);
  return [name, minutes(startMs), minutes(endMs)];
}

function hoursOfDay(at: string, zone: string): number {
  const { startMs, endMs } = calendarWindow("day", utc(at), zone);
  return (endMs - startMs) / HOUR_MS;
}

describe("a calendar window", () => {
  test("of a minute is the same in every zone", () => {
    expect(windowAt("minute", "2026-11-24T12:34:56.789", "Asia/Kolkata")).toEqual([
      String(utc("2026-11-24T12:34:00") / 60_000),
      "2026-11-24T12:34",
      "2026-11-24T12:35",
    ]);
  });

  test("of a day begins at the zone's midnight", () => {
    expect(windowAt("day", "2026-11-24T23:30:00", "Europe/Berlin")).toEqual([
      "2026-11-25",
      "2026-11-24T23:00",
      "2026-11-25T23:00",
    ]);
    expect(windowAt("day", "2026-11-24T04:59:59.999", "America/New_York")[0]).toBe("2026-11-23");
    expect(windowAt("day", "2026-11-24T18:29:59.999", "Asia/Kolkata")[0]).toBe("2026-11-24");
    expect(windowAt("day", "2026-11-24T18:30:00", "Asia/Kolkata")[0]).toBe("2026-11-25");
  });

  test("of a week begins on Monday, also across New Year", () => {
    expect(windowAt("week", "2026-11-29T23:59:59.999", "UTC")[0]).toBe("2026-11-23");
    expect(windowAt("week", "2026-11-30T00:00:00", "UTC")[0]).toBe("2026-11-30");
    expect(windowAt("week", "2027-01-01T12:00:00", "UTC")).toEqual([
      "2026-12-28",
      "2026-12-28T00:00",
      "2027-01-04T00:00",
    ]);
  });

  test("ends with the year in its own zone", () => {
    expect(windowAt("month", "2026-12-31T23:30:00", "Europe/Berlin")[0]).toBe("2027-01");
    expect(windowAt("month", "2027-01-01T04:59:59", "America/New_York")).toEqual([
      "2026-12",
      "2026-12-01T05:00",
      "2027-01-01T05:00",
    ]);
    expect(windowAt("day", "2026-12-31T23:30:00", "UTC")).toEqual([
      "2026-12-31",
      "2026-12-31T00:00",
      "2027-01-01T00:00",
    ]);
  });

  test("of a month is as long as the month", () => {
    const days = (month: string) => {
      const { startMs, endMs } = calendarWindow("month", utc(`${month}-15T00:00:00`), "UTC");
      return (endMs - startMs) / (24 * HOUR_MS);
    };
    expect(["2026-01", "2026-02", "2028-02", "2100-02", "2026-04", "2026-12"].map(days)).toEqual([
      31, 28, 29, 28, 30, 31,
    ]);
  });

  test("of a day is 23 or 25 hours long where the clock changes", () => {
    expect(hoursOfDay("2026-03-29T12:00:00", "Europe/Berlin")).toBe(23);
    expect(hoursOfDay("2026-10-25T12:00:00", "Europe/Berlin")).toBe(25);
    expect(hoursOfDay("2026-03-08T12:00:00", "America/New_York")).toBe(23);
    expect(hoursOfDay("2026-11-01T12:00:00", "America/New_York")).toBe(25);
    expect(hoursOfDay("2026-11-02T12:00:00", "America/New_York")).toBe(24);
    expect(hoursOfDay("2026-04-05T00:00:00", "Australia/Lord_Howe")).toBe(24.5);
  });

  test("of a week and a month with a clock change is an hour shorter or longer", () => {
    const hours = (grain: WindowGrain, at: string) => {
      const { startMs, endMs } = calendarWindow(grain, utc(at), "Europe/Berlin");
      return (endMs - startMs) / HOUR_MS;
    };
    expect(hours("week", "2026-03-29T12:00:00")).toBe(7 * 24 - 1);
    expect(hours("week", "2026-10-25T12:00:00")).toBe(7 * 24 + 1);
    expect(hours("month", "2026-03-15T12:00:00")).toBe(31 * 24 - 1);
    expect(hours("month", "2026-10-15T12:00:00")).toBe(31 * 24 + 1);
  });

  test("of a day whose midnight does not exist begins at its first moment", () => {
    // Chile and Lebanon change their clocks at midnight: 00:00 becomes 01:00.
    expect(windowAt("day", "2026-09-06T12:00:00", "America/Santiago")).toEqual([
      "2026-09-06",
      "2026-09-06T04:00",
      "2026-09-07T03:00",
    ]);
    expect(windowAt("day", "2026-03-29T12:00:00", "Asia/Beirut")).toEqual([
      "2026-03-29",
      "2026-03-28T22:00",
      "2026-03-29T21:00",
    ]);
  });

  test("contains its moment and meets the next one without a gap, in every zone and at every time", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "America/Santiago",
      "Asia/Kolkata",
      "Pacific/Apia",
    ];
    const moment = fc.integer({ min: utc("2020-01-01T00:00:00"), max: utc("2035-01-01T00:00:00") });
    const grains = fc.constantFrom<WindowGrain>("minute", "day", "week", "month");
    fc.assert(
      fc.property(grains, moment, fc.constantFrom(...zones), (grain, atMs, zone) => {
        const current = calendarWindow(grain, atMs, zone);
        expect(current.startMs).toBeLessThanOrEqual(atMs);
        expect(current.endMs).toBeGreaterThan(atMs);
        const next = calendarWindow(grain, current.endMs, zone);
        expect(next.startMs).toBe(current.endMs);
        expect(next.name).not.toBe(current.name);
        expect(calendarWindow(grain, current.endMs - 1, zone)).toEqual(current);
      }),
      { numRuns: 500 },
    );
  });

  test("is the same from a clock that remembers, in whatever order it is asked", () => {
    const moment = fc.integer({ min: utc("2026-10-20T00:00:00"), max: utc("2026-11-05T00:00:00") });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
        const clock = windowClock("Europe/Berlin");
        for (const atMs of moments) {
          for (const grain of ["minute", "day", "week", "month"] as const) {
            expect(clock(grain, atMs)).toEqual(calendarWindow(grain, atMs, "Europe/Berlin"));
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
