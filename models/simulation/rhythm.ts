import { weightedChoice } from "./random.ts";

/** Monday first. People train at the beginning of the week. */
const WEEKDAYS = [1.12, 1.08, 1.05, 1.0, 0.9, 0.84, 1.02] as const;
/** Hours of the day: a small peak in the morning, one at noon, the large one after work. */
const HOURS = [
  0.25, 0.15, 0.1, 0.1, 0.15, 0.35, 0.8, 1.2, 1.1, 0.95, 0.9, 1.0, 1.3, 1.1, 0.95, 1.0, 1.2, 1.6, 2.1, 2.2,
  1.9, 1.4, 0.9, 0.5,
] as const;
const YEAR_SWING = 0.16;
const PEAK_DAY_OF_YEAR = 15;
const DAY_MS = 86_400_000;

/** How busy a day is against the mean day: the weekday, and the year with its peak in January. `day` is `YYYY-MM-DD`. */
export function rhythmOf(day: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`);
  const weekday = (Math.floor(ms / DAY_MS) + 3) % 7;
  const dayOfYear = (ms - Date.parse(`${day.slice(0, 4)}-01-01T00:00:00Z`)) / DAY_MS;
  const season = 1 + YEAR_SWING * Math.cos((2 * Math.PI * (dayOfYear - PEAK_DAY_OF_YEAR)) / 365.25);
  return (WEEKDAYS[weekday] ?? 1) * season;
}

/** A moment of the day as a share of it, [0, 1): `draw` chooses the hour, `within` the place in it. */
export function momentOfDay(): (draw: number, within: number) => number {
  const hourOf = weightedChoice(HOURS.map((weight, hour) => [hour, weight] as const));
  return (draw, within) => (hourOf(draw) + within) / 24;
}
