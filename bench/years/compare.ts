import type { Comparison, PartSums } from "../../models/anomaly/explain.ts";
import { type Anomaly, GRAIN_MS } from "../../models/anomaly/watch.ts";
import type { Bucket, Cell } from "./bucket.ts";

const BASELINE_DAYS = 28;

/** As the job's query compares: the hour or day, and the mean of the same of the 28 days before. */
export function compare(buckets: readonly Bucket[], { fromMs }: Pick<Anomaly, "fromMs">): Comparison {
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
