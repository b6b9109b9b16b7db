import { Temporal } from "temporal-polyfill";

export type WindowGrain = "minute" | "day" | "week" | "month";

/** A calendar window: [startMs, endMs) on the UTC time line, with a name that is unique among windows of its grain. */
export interface CalendarWindow {
  readonly grain: WindowGrain;
  /** `2026-11-24` (day), `2026-11-23` (week: its Monday), `2026-11` (month), `29361234` (minute since the epoch). */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

const MINUTE_MS = 60_000;

/**
 * The calendar window that contains a moment, in an IANA time zone. Weeks start on Monday (ISO 8601).
 * Days are 23 or 25 hours long where the clock changes; a day whose midnight does not exist starts at its first moment.
 */
export function calendarWindow(grain: WindowGrain, atMs: number, timeZone: string): CalendarWindow {
  if (grain === "minute") return minuteWindow(atMs);
  const date = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const { first, next, name } = datesOf(grain, date);
  return { grain, name, startMs: startOf(first, timeZone), endMs: startOf(next, timeZone) };
}

/**
 * The same, remembering the last window of each grain: a request asks for the same ones as the request before it.
 * Not shared between time zones.
 */
export function windowClock(timeZone: string): (grain: WindowGrain, atMs: number) => CalendarWindow {
  const last = new Map<WindowGrain, CalendarWindow>();
  return (grain, atMs) => {
    const known = last.get(grain);
    if (known !== undefined && atMs >= known.startMs && atMs < known.endMs) return known;
    const current = calendarWindow(grain, atMs, timeZone);
    last.set(grain, current);
    return current;
  };
}

function datesOf(grain: Exclude<WindowGrain, "minute">, date: Temporal.PlainDate) {
  if (grain === "day") return { first: date, next: date.add({ days: 1 }), name: date.toString() };
  if (grain === "week") {
    const monday = date.subtract({ days: date.dayOfWeek - 1 });
    return { first: monday, next: monday.add({ days: 7 }), name: monday.toString() };
  }
  const first = date.with({ day: 1 });
  return { first, next: first.add({ months: 1 }), name: first.toPlainYearMonth().toString() };
}

function startOf(date: Temporal.PlainDate, timeZone: string): number {
  return date.toZonedDateTime(timeZone).startOfDay().epochMilliseconds;
}

function minuteWindow(atMs: number): CalendarWindow {
  const minute = Math.floor(atMs / MINUTE_MS);
  const startMs = minute * MINUTE_MS;
  return { grain: "minute", name: String(minute), startMs, endMs: startMs + MINUTE_MS };
}
