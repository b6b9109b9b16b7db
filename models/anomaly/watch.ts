import { openDetector } from "./detector.ts";
import { residualOf } from "./residual.ts";
import type { Verdict } from "./verdict.ts";
import { openWeightedDetector, type WeightedDetectorOptions } from "./weighted-detector.ts";

export const WATCHED_METRICS = [
  /** Nano-dollars. */
  "spend",
  /** Nano-dollars of an answered request: a geometric mean. */
  "request-cost",
  "requests",
  "active-users",
  "new-users",
  /** Failed of all, 0 to 1. */
  "error-rate",
  /** Milliseconds. */
  "latency",
  /** 1 to 5. */
  "rating",
] as const;
export type WatchedMetric = (typeof WATCHED_METRICS)[number];
export type Grain = "hour" | "day";

export interface WatchedRow {
  /** When the hour or day begins. */
  readonly timeMs: number;
  readonly value: number;
  /** For a mean: of how many observations. */
  readonly weight: number;
}

/** One metric, hour by hour or day by day, without gaps, oldest first; only complete hours and days. */
export interface WatchedSeries {
  readonly metric: WatchedMetric;
  readonly grain: Grain;
  /** `provider=gpt-4o`; empty: everything. */
  readonly part: string;
  readonly rows: readonly WatchedRow[];
}

/** A while in which a metric was not as expected. */
export interface Anomaly extends Omit<WatchedSeries, "rows"> {
  /** When its first hour or day begins. */
  readonly fromMs: number;
  /** When its last one ends. */
  readonly toMs: number;
  /** It goes on as far as is known. */
  readonly isOpen: boolean;
  /** Of the hour or day that gave the alert. */
  readonly actual: number;
  readonly expected: number;
  /** 0.5 to 1. */
  readonly score: number;
}

export const GRAIN_MS: Readonly<Record<Grain, number>> = { hour: 3_600_000, day: 86_400_000 };
/** Longer than that, it is how things are now. */
const MAX_ROWS: Readonly<Record<Grain, number>> = { hour: 24, day: 7 };
/** It goes on while at least this share of the first difference is left. */
const GOES_ON_SHARE = 0.5;

/** Numbers of things that come by chance: a difference must be more than chance makes. */
const COUNTS: readonly WatchedMetric[] = ["requests", "active-users"];
const CHANCE_SIGMAS = 6;
/** Where both what is and what was expected are smaller, nobody wants to know. */
const LEAST_TOLD: Readonly<Partial<Record<WatchedMetric, number>>> = {
  spend: 50_000_000,
  requests: 20,
  "active-users": 10,
};

/** There are a thousand hours of calls for each day of ratings: so chance does less in these, and less is asked for. */
const MEANS: Readonly<Partial<Record<WatchedMetric, MeanOptions>>> = {
  "error-rate": { kind: "share", direction: "up", thresholdSigmas: 4.7 },
  latency: { kind: "size", direction: "up", thresholdSigmas: 5 },
  "request-cost": { kind: "size", direction: "up", thresholdSigmas: 5 },
  "new-users": { kind: "count", direction: "both", thresholdSigmas: 4.2 },
  rating: { kind: "amount", direction: "down", thresholdSigmas: 3.8 },
};
/** A day, or two weeks. */
const WARM_UP_ROWS: Readonly<Record<Grain, number>> = { hour: 24, day: 14 };

/** What was unusual in a series, each row judged by those before it, oldest first. */
export function findAnomalies({ rows, ...series }: WatchedSeries): Anomaly[] {
  const judge = openJudge(series);
  const found: Anomaly[] = [];
  for (const row of rows) {
    const { alert, score, expected } = judge(row);
    const toMs = row.timeMs + GRAIN_MS[series.grain];
    const last = found.at(-1);
    if (last?.isOpen) {
      const isOpen = goesOn(last, row, expected);
      found[found.length - 1] = isOpen ? { ...last, toMs } : { ...last, isOpen };
      if (isOpen) continue;
    }
    if (!alert || expected === null) continue;
    found.push({ ...series, fromMs: row.timeMs, toMs, isOpen: true, actual: row.value, expected, score });
  }
  return found;
}

type MeanOptions = Pick<WeightedDetectorOptions, "kind" | "direction" | "thresholdSigmas">;

function openJudge({ metric, grain }: Omit<WatchedSeries, "rows">): (row: WatchedRow) => Verdict {
  const mean = MEANS[metric];
  if (mean !== undefined) {
    const rows = { warmUpRows: WARM_UP_ROWS[grain], refractoryRows: MAX_ROWS[grain] };
    const detector = openWeightedDetector({ ...mean, ...rows });
    return (row) => detector.next(row);
  }
  const detector = openDetector({ intervalMs: GRAIN_MS[grain] });
  return (row) => {
    const verdict = detector.next(row);
    return { ...verdict, alert: verdict.alert && isWorthTelling(metric, row.value, verdict.expected ?? 0) };
  };
}

function isWorthTelling(metric: WatchedMetric, value: number, expected: number): boolean {
  if (Math.max(value, expected) < (LEAST_TOLD[metric] ?? 0)) return false;
  if (!COUNTS.includes(metric)) return true;
  return Math.abs(residualOf("count", { value, weight: 1 }, expected)) >= CHANCE_SIGMAS;
}

function goesOn(
  { fromMs, grain, actual, expected }: Anomaly,
  { timeMs, value, weight }: WatchedRow,
  now: number | null,
): boolean {
  if (timeMs - fromMs >= MAX_ROWS[grain] * GRAIN_MS[grain]) return false;
  // Without an observation it is not known to be over.
  if (weight <= 0 || now === null) return true;
  return (value - now) / (actual - expected) >= GOES_ON_SHARE;
}
