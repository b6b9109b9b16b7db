import type { PartSums } from "../../models/anomaly/explain.ts";
import { GRAIN_MS } from "../../models/anomaly/watch.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { SimulatedDay } from "../../models/simulation/simulate.ts";

/** Sums of one part in one hour or day. */
export interface Cell extends Record<Exclude<keyof PartSums, "dimension" | "part" | "users">, number> {
  readonly seen: Set<string>;
  logLatency: number;
  billed: number;
  logCost: number;
}

export interface Calls {
  judged: number;
  failed: number;
  logMs: number;
  answered: number;
  ms: number;
  ratings: number;
  ratingSum: number;
}

/** An hour or a day. */
export interface Bucket {
  readonly timeMs: number;
  /** By `dimension=part`; the whole is `total=`. */
  readonly cells: Map<string, Cell>;
  readonly calls: Map<string, Calls>;
  newUsers: number;
}

export interface DayBuckets {
  readonly day: Bucket;
  readonly hours: readonly Bucket[];
}

/** Sorts simulated days into hours and days; ratings find the provider of an answer of an earlier day, too. */
export function openCounting(): (day: SimulatedDay) => DayBuckets {
  const providerOf = new Map<string, string>();
  return (simulated) => {
    const day = openBucket(simulated.startMs);
    const byHour = openHours(simulated);
    for (const event of simulated.requests) {
      const hour = byHour.get(Math.floor(event.ts / GRAIN_MS.hour));
      if (hour !== undefined) count(hour, event);
      count(day, event);
      if (event.outcome === "ok") providerOf.set(event.request_id, event.provider);
    }
    countRatings(day, simulated, providerOf);
    day.newUsers = simulated.truth.newUsers;
    return { day, hours: [...byHour.values()] };
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

export function cellOf(bucket: Bucket, key: string): Cell {
  const known = bucket.cells.get(key);
  if (known !== undefined) return known;
  const zero = { requests: 0, spend: 0, served: 0, failed: 0, answers: 0, latency: 0, tokens: 0 };
  const cell: Cell = { seen: new Set(), ...zero, logLatency: 0, billed: 0, logCost: 0 };
  bucket.cells.set(key, cell);
  return cell;
}

export function callsOf(bucket: Bucket, provider: string): Calls {
  const known = bucket.calls.get(provider);
  if (known !== undefined) return known;
  const calls = { judged: 0, failed: 0, logMs: 0, answered: 0, ms: 0, ratings: 0, ratingSum: 0 };
  bucket.calls.set(provider, calls);
  return calls;
}
