import { explain } from "../../models/anomaly/explain.ts";
import {
  type Anomaly,
  findAnomalies,
  GRAIN_MS,
  type Grain,
  type WatchedMetric,
  type WatchedSeries,
} from "../../models/anomaly/watch.ts";
import type { Incident, IncidentKind } from "../../models/simulation/incident.ts";
import type { LabelledIncident, SimulatedYear } from "./simulated-year.ts";
import { strongestSigmas } from "./strongest-row.ts";
import { trueSigmas } from "./true-effect.ts";

/** How many incidents there were, how many were found, and how many of them with the right cause first. */
export interface Tally {
  readonly incidents: number;
  readonly found: number;
  readonly right: number;
}

export interface KindResult {
  readonly kind: IncidentKind;
  readonly all: Tally;
  /** Whose true effect is more than two usual deviations. */
  readonly over2: Tally;
  readonly over5: Tally;
  /** Whose strongest hour or day of all series happened to be more than two deviations from the usual, chance included. */
  readonly strongestOver2: Tally;
}

export interface CheckedIncident extends Incident {
  readonly sigmas: number;
  readonly strongest: number;
  readonly found: boolean;
  readonly right: boolean;
}

export interface YearResult {
  readonly kinds: readonly KindResult[];
  /** Over two usual deviations, and not found or with another cause first. */
  readonly missed: readonly CheckedIncident[];
  /** Anomalies that belong to no incident. */
  readonly falseAlarms: number;
}

interface Signs {
  readonly metrics: readonly WatchedMetric[];
  /** In what its effect is measured. */
  readonly grain: Grain;
  /** Any of which should explain it first. */
  readonly causes: (incident: Incident) => readonly string[];
}

const ofProvider = ({ subject }: Incident): readonly string[] => [`provider=${subject}`];
const SIGNS: Readonly<Record<IncidentKind, Signs>> = {
  outage: { metrics: ["error-rate"], grain: "hour", causes: ofProvider },
  "slow-provider": { metrics: ["latency"], grain: "hour", causes: ofProvider },
  "quality-drop": { metrics: ["rating"], grain: "day", causes: ofProvider },
  "cost-spike": {
    metrics: ["request-cost", "spend"],
    grain: "hour",
    causes: () => ["tokens-per-request"],
  },
  // Everybody uses it more, in no part of its own.
  campaign: {
    metrics: ["requests", "active-users", "new-users", "spend"],
    grain: "day",
    causes: () => ["users", "requests-per-user"],
  },
  "churn-wave": { metrics: ["active-users", "requests"], grain: "day", causes: () => ["users"] },
};
/** Their own first cause. */
const SELF_EXPLAINED: readonly WatchedMetric[] = ["active-users", "new-users"];
/** Of these the simulator changes how much is used by whole days, whatever the hour at which their label begins. */
const OF_WHOLE_DAYS: readonly IncidentKind[] = ["campaign", "cost-spike", "churn-wave"];
/** What follows an incident (traffic that falls back) is told of it, and no false alarm. */
const AFTERMATH_MS = 3 * GRAIN_MS.day;

export function checkIncidents(year: SimulatedYear, kinds: readonly IncidentKind[]): YearResult {
  const anomalies = year.series.flatMap(findAnomalies);
  const checked = year.incidents.map((incident) => check(incident, year, anomalies));
  const spans = year.incidents.map(spanOf);
  const belongs = (one: Anomaly): boolean =>
    spans.some(
      ({ fromMs, toMs }) => one.fromMs + GRAIN_MS[one.grain] > fromMs && one.fromMs < toMs + AFTERMATH_MS,
    );
  return {
    kinds: kinds.map((kind) => {
      const same = checked.filter((one) => one.kind === kind);
      return {
        kind,
        all: tally(same),
        over2: tally(same.filter(({ sigmas }) => sigmas > 2)),
        over5: tally(same.filter(({ sigmas }) => sigmas > 5)),
        strongestOver2: tally(same.filter(({ strongest }) => strongest > 2)),
      };
    }),
    missed: checked.filter(({ sigmas, right }) => sigmas > 2 && !right),
    falseAlarms: anomalies.filter((one) => !belongs(one)).length,
  };
}

function check(
  incident: LabelledIncident,
  year: SimulatedYear,
  anomalies: readonly Anomaly[],
): CheckedIncident {
  const { metrics, grain, causes } = SIGNS[incident.kind];
  const watched = year.series.filter((one) => metrics.includes(one.metric) && concerns(one, incident));
  const found = anomalies.filter(
    (one) => metrics.includes(one.metric) && concerns(one, incident) && isDuring(one, incident),
  );
  const isRight = (one: Anomaly): boolean =>
    SELF_EXPLAINED.includes(one.metric) ||
    causes(incident).includes(explain(one, year.comparisonOf(one))[0]?.name ?? "");
  const own = watched.filter((one) => one.grain === grain);
  const { kind, subject, fromMs, toMs, factor } = incident;
  return {
    kind,
    subject,
    fromMs,
    toMs,
    factor,
    sigmas: Math.max(0, ...own.map((series) => trueSigmas(series, incident))),
    strongest: Math.max(0, ...watched.map((series) => strongestSigmas(series, incident))),
    found: found.length > 0,
    right: found.some(isRight),
  };
}

function tally(some: readonly CheckedIncident[]): Tally {
  return {
    incidents: some.length,
    found: some.filter(({ found }) => found).length,
    right: some.filter(({ right }) => right).length,
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

function spanOf({ kind, fromMs, toMs, relived }: LabelledIncident): { fromMs: number; toMs: number } {
  if (!OF_WHOLE_DAYS.includes(kind)) return { fromMs, toMs };
  const days = relived.filter(({ grain }) => grain === "day").map(({ timeMs }) => timeMs);
  return {
    fromMs: Math.min(fromMs, ...days),
    toMs: Math.max(toMs, ...days.map((day) => day + GRAIN_MS.day)),
  };
}
