const DAY_MS = 86_400_000;

/** `2026-11-24` as seconds since the epoch: days on an axis are all of one length. */
export function secondsOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1_000;
}

/** The last days up to today on the catalog's clock, as a query: `from=…&to=…`. */
export function lastDays(days: number, timeZone: string): string {
  const dayOf = (atMs: number): string => new Intl.DateTimeFormat("en-CA", { timeZone }).format(atMs);
  const nowMs = Date.now();
  return `from=${dayOf(nowMs - (days - 1) * DAY_MS)}&to=${dayOf(nowMs)}`;
}
