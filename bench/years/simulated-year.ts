import type { Comparison } from "../../models/anomaly/explain.ts";
import type { Anomaly, WatchedSeries } from "../../models/anomaly/watch.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { Incident } from "../../models/simulation/incident.ts";
import { beginLife } from "../../models/simulation/simulate.ts";
import type { DayTruth } from "../../models/simulation/truth.ts";
import { type Bucket, openCounting } from "./bucket.ts";
import { compare } from "./compare.ts";
import { type RelivedRow, relive } from "./relive.ts";
import { seriesOf } from "./year-series.ts";

/** What the jobs would have read of a year, and the truth about it. */
export interface SimulatedYear {
  readonly days: readonly DayTruth[];
  readonly incidents: readonly LabelledIncident[];
  readonly series: readonly WatchedSeries[];
  comparisonOf(anomaly: Pick<Anomaly, "fromMs" | "grain">): Comparison;
}

export interface LabelledIncident extends Incident {
  /** Its hours and days with and without it. */
  readonly relived: readonly RelivedRow[];
}

export interface YearOptions {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly catalog: Catalog;
}

const START_DAY = "2025-01-01";

export function simulateYear({ seed, users, days, catalog }: YearOptions): SimulatedYear {
  const hourBuckets: Bucket[] = [];
  const dayBuckets: Bucket[] = [];
  const truths: DayTruth[] = [];
  const incidents: LabelledIncident[] = [];
  const life = beginLife({ seed, users, days, startDay: START_DAY, catalog });
  const countDay = openCounting();
  while (truths.length < days) {
    const morning = life.fork({ luck: 0 });
    const simulated = life.nextDay();
    const { day, hours } = countDay(simulated);
    // On the first day everybody is new.
    if (truths.length === 0) day.newUsers = 0;
    hourBuckets.push(...hours);
    dayBuckets.push(day);
    truths.push(simulated.truth);
    for (const incident of simulated.incidents) {
      incidents.push({ ...incident, relived: relive(morning, incident) });
    }
  }
  const buckets = { hour: hourBuckets, day: dayBuckets };
  return {
    days: truths,
    incidents,
    series: seriesOf(hourBuckets, dayBuckets),
    comparisonOf: (anomaly) => compare(buckets[anomaly.grain], anomaly),
  };
}
