import type { Grain, WatchedMetric, WatchedSeries } from "../../models/anomaly/watch.ts";
import { type Bucket, type Calls, type Cell, callsOf, cellOf } from "./bucket.ts";

/** Everything that the job watches. */
export function seriesOf(hours: readonly Bucket[], days: readonly Bucket[]): WatchedSeries[] {
  return [...hourSeries(hours), ...daySeries(days)];
}

type ValueOf = (bucket: Bucket) => readonly [value: number, weight: number];

function seriesMaker(grain: Grain, buckets: readonly Bucket[]) {
  return (metric: WatchedMetric, part: string, valueIn: ValueOf): WatchedSeries => ({
    metric,
    grain,
    part,
    rows: buckets.map((bucket) => {
      const [value, weight] = valueIn(bucket);
      return { timeMs: bucket.timeMs, value: weight === 0 ? 0 : value, weight };
    }),
  });
}

function hourSeries(hours: readonly Bucket[]): WatchedSeries[] {
  const make = seriesMaker("hour", hours);
  const whole = (bucket: Bucket): Cell => cellOf(bucket, "total=");
  const mean = (sum: number, of: number): readonly [number, number] => [Math.exp(sum / of), of];
  return [
    make("spend", "", (hour) => [whole(hour).spend, 1]),
    make("requests", "", (hour) => [whole(hour).requests, 1]),
    make("request-cost", "", (hour) => mean(whole(hour).logCost, whole(hour).billed)),
    make("error-rate", "", (hour) => [whole(hour).failed / whole(hour).served, whole(hour).served]),
    make("latency", "", (hour) => mean(whole(hour).logLatency, whole(hour).answers)),
    ...providersOf(hours).flatMap((provider) => [
      make("error-rate", `provider=${provider}`, (hour) => errorRate(callsOf(hour, provider))),
      make("latency", `provider=${provider}`, (hour) => {
        const { logMs, answered } = callsOf(hour, provider);
        return mean(logMs, answered);
      }),
    ]),
  ];
}

function daySeries(days: readonly Bucket[]): WatchedSeries[] {
  const make = seriesMaker("day", days);
  const whole = (bucket: Bucket): Cell => cellOf(bucket, "total=");
  return [
    make("spend", "", (day) => [whole(day).spend, 1]),
    make("requests", "", (day) => [whole(day).requests, 1]),
    make("active-users", "", (day) => [whole(day).seen.size, 1]),
    make("new-users", "", (day) => [day.newUsers, 1]),
    make("error-rate", "", (day) => [whole(day).failed / whole(day).served, whole(day).served]),
    ...providersOf(days).flatMap((provider) => [
      make("error-rate", `provider=${provider}`, (day) => errorRate(callsOf(day, provider))),
      make("latency", `provider=${provider}`, (day) => {
        const { ms, answered } = callsOf(day, provider);
        return [ms / answered, answered];
      }),
      make("rating", `provider=${provider}`, (day) => {
        const { ratingSum, ratings } = callsOf(day, provider);
        return [ratingSum / ratings, ratings];
      }),
    ]),
  ];
}

function errorRate({ failed, judged }: Calls): readonly [number, number] {
  return [failed / judged, judged];
}

function providersOf(buckets: readonly Bucket[]): string[] {
  return [...new Set(buckets.flatMap(({ calls }) => [...calls.keys()]))].sort();
}
