import type { Comparison, PartSums } from "../../models/anomaly/explain.ts";
import {
  type Anomaly,
  GRAIN_MS,
  type Grain,
  type WatchedMetric,
  type WatchedSeries,
} from "../../models/anomaly/watch.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { Incident } from "../../models/simulation/incident.ts";
import { type SimulatedDay, simulate } from "../../models/simulation/simulate.ts";
import type { DayTruth } from "../../models/simulation/truth.ts";

/** What the jobs would have read of a year, and the truth about it. */
export interface SimulatedYear {
  readonly days: readonly DayTruth[];
  readonly incidents: readonly Incident[];
  readonly series: readonly WatchedSeries[];
  comparisonOf(anomaly: Pick<Anomaly, "fromMs" | "grain">): Comparison;
}

export interface YearOptions {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly catalog: Catalog;
}

const START_DAY = "2025-01-01";
const BASELINE_DAYS = 28;

/** Sums of one part in one hour or day. */
interface Cell extends Record<Exclude<keyof PartSums, "dimension" | "part" | "users">, number> {
  readonly seen: Set<string>;
  logLatency: number;
  billed: number;
  logCost: number;
}

interface Calls {
  judged: number;
  failed: number;
  logMs: number;
  answered: number;
  ms: number;
  ratings: number;
  ratingSum: number;
}

/** An hour or a day. */
interface Bucket {
  readonly timeMs: number;
  /** By `dimension=part`; the whole is `total=`. */
  readonly cells: Map<string, Cell>;
  readonly calls: Map<string, Calls>;
  newUsers: number;
}

export function simulateYear({ seed, users, days, catalog }: YearOptions): SimulatedYear {
  const hours: Bucket[] = [];
  const dayBuckets: Bucket[] = [];
  const truths: DayTruth[] = [];
  const incidents: Incident[] = [];
  const providerOf = new Map<string, string>();
  for (const day of simulate({ seed, users, days, startDay: START_DAY, catalog })) {
    const bucket = openBucket(day.startMs);
    const byHour = openHours(day);
    for (const event of day.requests) {
      const hour = byHour.get(Math.floor(event.ts / GRAIN_MS.hour));
      if (hour !== undefined) count(hour, event);
      count(bucket, event);
      if (event.outcome === "ok") providerOf.set(event.request_id, event.provider);
    }
    countRatings(bucket, day, providerOf);
    bucket.newUsers = dayBuckets.length === 0 ? 0 : day.truth.newUsers;
    hours.push(...byHour.values());
    dayBuckets.push(bucket);
    truths.push(day.truth);
    incidents.push(...day.incidents);
    if (truths.length === days) break;
  }
  const buckets = { hour: hours, day: dayBuckets };
  return {
    days: truths,
    incidents,
    series: [...hourSeries(hours), ...daySeries(dayBuckets)],
    comparisonOf: (anomaly) => compare(buckets[anomaly.grain], anomaly),
  };
}

function openBucket(timeMs: number): Bucket {
  return { timeMs, cells: new Map(), calls: new Map(), newUsers: 0 };
}

function openHours({ startMs, endMs }: SimulatedDay): Map<number, Bucket> {
  const hours = new Map<number, Bucket>();
  for (let timeMs = startMs; timeMs < endMs; timeMs += GRAIN_MS.hour) {
    hours.set(Math.floor(timeMs / GRAIN_MS.hour), openBucket(timeMs));
  }
  return hours;
}

function count(bucket: Bucket, event: RequestEvent): void {
  const { provider, tier, feature, country } = event;
  for (const key of [
    "total=",
    `provider=${provider}`,
    `tier=${tier}`,
    `feature=${feature}`,
    `country=${country}`,
  ]) {
    addTo(cellOf(bucket, key), event);
  }
  for (const { provider: called, outcome, ms } of event.attempts) {
    const calls = callsOf(bucket, called);
    if (outcome === "aborted" || outcome === "rejected") continue;
    calls.judged += 1;
    if (outcome === "ok") {
      calls.answered += 1;
      calls.ms += ms;
      calls.logMs += Math.log(Math.max(1, ms));
    } else calls.failed += 1;
  }
}

function addTo(cell: Cell, event: RequestEvent): void {
  cell.seen.add(event.user_id);
  cell.requests += 1;
  cell.spend += event.cost;
  if (event.outcome !== "denied") cell.served += 1;
  if (event.outcome === "failed") cell.failed += 1;
  cell.tokens +=
    event.input_tokens + event.cached_input_tokens + event.output_tokens + event.reasoning_tokens;
  if (event.outcome !== "ok") return;
  cell.answers += 1;
  cell.latency += event.latency_ms;
  cell.logLatency += Math.log(Math.max(1, event.latency_ms));
  if (event.cost === 0) return;
  cell.billed += 1;
  cell.logCost += Math.log(event.cost);
}

function countRatings(
  bucket: Bucket,
  { feedback }: SimulatedDay,
  providerOf: ReadonlyMap<string, string>,
): void {
  for (const { request_id: request, rating } of feedback) {
    const provider = providerOf.get(request);
    if (provider === undefined) continue;
    const calls = callsOf(bucket, provider);
    calls.ratings += 1;
    calls.ratingSum += rating;
  }
}

function cellOf(bucket: Bucket, key: string): Cell {
  const known = bucket.cells.get(key);
  if (known !== undefined) return known;
  const zero = { requests: 0, spend: 0, served: 0, failed: 0, answers: 0, latency: 0, tokens: 0 };
  const cell: Cell = { seen: new Set(), ...zero, logLatency: 0, billed: 0, logCost: 0 };
  bucket.cells.set(key, cell);
  return cell;
}

function callsOf(bucket: Bucket, provider: string): Calls {
  const known = bucket.calls.get(provider);
  if (known !== undefined) return known;
  const calls = { judged: 0, failed: 0, logMs: 0, answered: 0, ms: 0, ratings: 0, ratingSum: 0 };
  bucket.calls.set(provider, calls);
  return calls;
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

/** As the job's query compares: the hour or day, and the mean of the same of the 28 days before. */
function compare(buckets: readonly Bucket[], { fromMs }: Pick<Anomaly, "fromMs">): Comparison {
  const now = buckets.find(({ timeMs }) => timeMs === fromMs);
  const before = buckets.filter(({ timeMs }) => {
    const ago = fromMs - timeMs;
    return ago > 0 && ago <= BASELINE_DAYS * GRAIN_MS.day && ago % GRAIN_MS.day === 0;
  });
  return { now: sumsOf(now === undefined ? [] : [now]), usual: sumsOf(before) };
}

function sumsOf(buckets: readonly Bucket[]): PartSums[] {
  const keys = new Set(buckets.flatMap(({ cells }) => [...cells.keys()]));
  return [...keys].map((key) => {
    const [dimension = "", part = ""] = key.split("=");
    const mean = (valueIn: (cell: Cell) => number): number =>
      buckets.reduce((sum, { cells }) => {
        const cell = cells.get(key);
        return cell === undefined ? sum : sum + valueIn(cell);
      }, 0) / buckets.length;
    return {
      dimension,
      part,
      users: mean((cell) => cell.seen.size),
      requests: mean((cell) => cell.requests),
      spend: mean((cell) => cell.spend),
      served: mean((cell) => cell.served),
      failed: mean((cell) => cell.failed),
      answers: mean((cell) => cell.answers),
      latency: mean((cell) => cell.latency),
      tokens: mean((cell) => cell.tokens),
    };
  });
}
