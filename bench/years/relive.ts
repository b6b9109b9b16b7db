import { GRAIN_MS, type WatchedSeries } from "../../models/anomaly/watch.ts";
import type { Incident } from "../../models/simulation/incident.ts";
import type { SimulatedLife } from "../../models/simulation/simulate.ts";
import { type Bucket, openCounting } from "./bucket.ts";
import { seriesOf } from "./year-series.ts";

/** What an hour or day of an incident is like on the average over many courses of it, with the incident and without. */
export interface RelivedRow extends Omit<WatchedSeries, "rows"> {
  readonly timeMs: number;
  readonly with: number;
  readonly without: number;
}

/** Courses of the same days; what differs by chance from one to the other is averaged out. */
const COURSES = 6;

/**
 * The truth about an incident: its days lived once more from its morning on by the same people, several times with it and
 * as often without it. No detector and no single course of events has a say in it.
 */
export function relive(morning: SimulatedLife, incident: Incident): RelivedRow[] {
  const courses = Array.from({ length: COURSES }, (_, index) => index + 1);
  const having = meansOf(courses.map((luck) => seriesDuring(morning.fork({ luck }), incident)));
  const lacking = meansOf(
    courses.map((luck) => seriesDuring(morning.fork({ luck, without: incident }), incident)),
  );
  return [...having].flatMap(([key, { row, mean }]) => {
    const other = lacking.get(key);
    return other === undefined ? [] : [{ ...row, with: mean, without: other.mean }];
  });
}

function seriesDuring(life: SimulatedLife, { fromMs, toMs }: Incident): WatchedSeries[] {
  const countDay = openCounting();
  const hours: Bucket[] = [];
  const days: Bucket[] = [];
  for (let isOver = false; !isOver; ) {
    const simulated = life.nextDay();
    const counted = countDay(simulated);
    hours.push(...counted.hours);
    days.push(counted.day);
    isOver = simulated.endMs >= toMs;
  }
  const during = ({ timeMs }: { readonly timeMs: number }, lengthMs: number): boolean =>
    timeMs + lengthMs > fromMs && timeMs < toMs;
  return seriesOf(hours, days).map((series) => ({
    ...series,
    rows: series.rows.filter((row) => during(row, GRAIN_MS[series.grain])),
  }));
}

type Place = Pick<RelivedRow, "metric" | "grain" | "part" | "timeMs">;

/** Of each row over the courses, by the number of observations. */
function meansOf(courses: readonly WatchedSeries[][]): Map<string, { row: Place; mean: number }> {
  const sums = new Map<string, { row: Place; sum: number; weight: number }>();
  for (const { metric, grain, part, rows } of courses.flat()) {
    for (const { timeMs, value, weight } of rows) {
      if (weight === 0) continue;
      const key = `${metric} ${grain} ${part} ${timeMs}`;
      const known = sums.get(key) ?? { row: { metric, grain, part, timeMs }, sum: 0, weight: 0 };
      sums.set(key, { ...known, sum: known.sum + value * weight, weight: known.weight + weight });
    }
  }
  return new Map([...sums].map(([key, { row, sum, weight }]) => [key, { row, mean: sum / weight }] as const));
}
