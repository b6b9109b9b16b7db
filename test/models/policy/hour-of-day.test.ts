import { expect, test } from "vitest";
import { hourClock } from "../../../models/policy/hour-of-day.ts";

test.each([
  ["before the clock goes forward", "Europe/Berlin", "2026-03-29T00:59:59Z", 1],
  ["after it has", "Europe/Berlin", "2026-03-29T01:00:00Z", 3],
  ["in the evening of that day", "Europe/Berlin", "2026-03-29T16:00:00Z", 18],
  ["in the evening of the day on which it goes back", "Europe/Berlin", "2026-10-25T17:00:00Z", 18],
  ["on the other side of the ocean", "America/New_York", "2026-11-01T23:30:00Z", 18],
  ["in a zone with half an hour", "Asia/Kolkata", "2026-11-24T12:30:00Z", 18],
  ["and a quarter", "Asia/Kathmandu", "2026-11-24T12:15:00Z", 18],
])("the hour is the one that the clock on the wall shows %s", (_when, zone, at, hour) => {
  expect(hourClock(zone)(Date.parse(at))).toBe(hour);
});

test("a clock that is asked again and again is right at each turn of the hour", () => {
  const clock = hourClock("Asia/Kolkata");
  const start = Date.parse("2026-11-24T12:29:59.999Z");
  expect([clock(start), clock(start + 1), clock(start), clock(start + 3_600_001)]).toEqual([17, 18, 17, 19]);
});
