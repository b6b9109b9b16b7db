import { Temporal } from "temporal-polyfill";

/** Every offset from UTC that a zone has today is a multiple of it. */
const QUARTER_HOUR_MS = 15 * 60_000;

/**
 * What the clock on the wall shows: 0-23 in an IANA time zone, right on days on which the clock changes.
 * The zone is asked once a quarter of an hour; a request in between costs one comparison.
 */
export function hourClock(timeZone: string): (atMs: number) => number {
  let quarter = Number.NaN;
  let hour = 0;
  return (atMs) => {
    const current = Math.floor(atMs / QUARTER_HOUR_MS);
    if (current !== quarter) {
      quarter = current;
      hour = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).hour;
    }
    return hour;
  };
}
