import { explain } from "../../models/anomaly/explain.ts";
import { residualOf } from "../../models/anomaly/residual.ts";
import {
  type Anomaly,
  findAnomalies,
  GRAIN_MS,
  type WatchedMetric,
  type WatchedSeries,
} from "../../models/anomaly/watch.ts";
import { quantile } from "../../models/forecast/quantile.ts";
import type { Incident, IncidentKind } from "../../models/simulation/incident.ts";
import type { SimulatedYear } from "./simulated-year.ts";

export interface KindResult {
  readonly kind: IncidentKind;
  readonly incidents: number;
  /** Whose strongest hour or day is more than two standard deviations from the usual. */
  readonly over2: number;
  readonly found2: number;
  readonly cause2: number;
  /** The same for more than five: beyond what chance does in a year of hours. */
  readonly over5: number;
  readonly found5: number;
  readonly cause5: number;
}

export interface YearResult {
  readonly kinds: readonly KindResult[];
  /** Anomalies that belong to no incident. */
  readonly falseAlarms: number;
}

interface Signs {
  readonly metrics: readonly WatchedMetric[];
  /** What should explain it first; null: the metric says it already. */
  readonly causes: (incident: Incident) => readonly string[];
}

const ofProvider = ({ subject }: Incident): readonly string[] => [`provider=${subject}`];
const SIGNS: Readonly<Record<IncidentKind, Signs>> = {
  outage: { metrics: ["error-rate"], causes: ofProvider },
  "slow-provider": { metrics: ["latency"], causes: ofProvider },
  "quality-drop": { metrics: ["rating"], causes: ofProvider },
  "cost-spike": { metrics: ["request-cost", "spend"], causes: () => ["tokens-per-request"] },
  // Everybody uses it more, in no part of its own.
  campaign: {
    metrics: ["requests", "active-users", "new-users", "spend"],
    causes: () => ["users", "requests-per-user"],
  },
  "churn-wave": { metrics: ["active-users", "requests"], causes: () => ["users"] },
};
/** Their own first cause. */
const SELF_EXPLAINED: readonly WatchedMetric[] = ["active-users", "new-users"];
const BASELINE_DAYS = 28;
const MAD_TO_SIGMA = 1.4826;
/** What follows an incident (traffic that falls back) is told of it, and no false alarm. */
const AFTERMATH_MS = 3 * GRAIN_MS.day;

export function checkIncidents(year: SimulatedYear, kinds: readonly IncidentKind[]): YearResult {
  const anomalies = year.series.flatMap(findAnomalies);
  const checked = year.incidents.map((incident) => {
    const { metrics, causes } = SIGNS[incident.kind];
    const watched = year.series.filter(
      (series) => metrics.includes(series.metric) && concerns(series, incident),
    );
    const found = anomalies.filter(
      (one) => metrics.includes(one.metric) && concerns(one, incident) && isDuring(one, incident),
    );
    const isRight = (one: Anomaly): boolean =>
      SELF_EXPLAINED.includes(one.metric) ||
      causes(incident).includes(explain(one, year.comparisonOf(one))[0]?.name ?? "");
    return {
      kind: incident.kind,
      sigmas: Math.max(0, ...watched.map((series) => strongest(series, incident))),
      found: found.length > 0,
      right: found.some(isRight),
    };
  });
  const belongs = (one: Anomaly): boolean =>
    year.incidents.some(
      ({ fromMs, toMs }) => one.fromMs + GRAIN_MS[one.grain] > fromMs && one.fromMs < toMs + AFTERMATH_MS,
    );
  return {
    kinds: kinds.map((kind) => {
      const same = checked.filter((one) => one.kind === kind);
      const over = (sigmas: number) => same.filter((one) => one.sigmas > sigmas);
      const tally = (sigmas: number) => ({
        all: over(sigmas).length,
        found: over(sigmas).filter(({ found }) => found).length,
        right: over(sigmas).filter(({ right }) => right).length,
      });
      const [two, five] = [tally(2), tally(5)];
      return {
        kind,
        incidents: same.length,
        over2: two.all,
        found2: two.found,
        cause2: two.right,
        over5: five.all,
        found5: five.found,
        cause5: five.right,
      };
    }),
    falseAlarms: anomalies.filter((one) => !belongs(one)).length,
  };
}

/** Of the same provider, or of everything. */
function concerns({ part }: Pick<WatchedSeries, "part">, { subject }: Incident): boolean {
  return subject === "" ? part === "" : part === "" || part === `provider=${subject}`;
}

/** It began in an hour or day of the incident, or in the next hour. */
function isDuring({ fromMs, grain }: Anomaly, incident: Incident): boolean {
  const lateMs = grain === "hour" ? GRAIN_MS.hour : 0;
  return fromMs + GRAIN_MS[grain] > incident.fromMs && fromMs < incident.toMs + lateMs;
}

/** How far the incident's strongest row is from the same hours (the days) of the four weeks before, in robust deviations. */
function strongest({ metric, grain, rows }: WatchedSeries, { fromMs, toMs }: Incident): number {
  const lengthMs = GRAIN_MS[grain];
  let most = 0;
  for (const row of rows) {
    if (row.weight === 0 || row.timeMs + lengthMs <= fromMs || row.timeMs >= toMs) continue;
    const before = rows.filter(({ timeMs, weight }) => {
      const ago = row.timeMs - timeMs;
      return weight > 0 && ago > 0 && ago <= BASELINE_DAYS * GRAIN_MS.day && ago % GRAIN_MS.day === 0;
    });
    if (before.length < BASELINE_DAYS / 4) continue;
    if (metric === "error-rate") {
      const weight = before.reduce((sum, one) => sum + one.weight, 0);
      const usual = before.reduce((sum, one) => sum + one.value * one.weight, 0) / weight;
      most = Math.max(most, residualOf("share", row, usual + 1 / (2 * weight + 1)));
      continue;
    }
    const scaled = (value: number): number => (metric === "rating" ? value : Math.log(Math.max(1, value)));
    const values = before.map(({ value }) => scaled(value));
    const middle = quantile(values, 0.5);
    const sigma =
      MAD_TO_SIGMA *
      quantile(
        values.map((value) => Math.abs(value - middle)),
        0.5,
      );
    most = Math.max(most, Math.abs(scaled(row.value) - middle) / Math.max(sigma, 0.02));
  }
  return most;
}
