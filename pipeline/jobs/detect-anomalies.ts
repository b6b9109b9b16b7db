import { type Finding, nextAlerts, type Severity } from "../../models/alerts/alert.ts";
import { describe } from "../../models/anomaly/describe.ts";
import { explain } from "../../models/anomaly/explain.ts";
import { type Anomaly, findAnomalies, GRAIN_MS, type WatchedSeries } from "../../models/anomaly/watch.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { alertIdOf, readAlerts, writeAlerts } from "../alerts/alert-store.ts";
import type { JobReport, WarehouseJob } from "../job.ts";
import { readWatchedSeries } from "./detect-anomalies-series.ts";
import {
  readComparison,
  readToldAnomalies,
  type ToldAnomaly,
  writeAnomalies,
} from "./detect-anomalies-store.ts";

const ALERT_KIND = "anomaly";
/** Anomalies that began before are history: they are found once, at the first look. */
const NEWS_MS = 21 * GRAIN_MS.day;
const HISTORY_MS = 180 * GRAIN_MS.day;
/** Explained in one run at most, the latest first; a first look at a long history finds many. */
const MAX_EXPLAINED = 60;
/** With fewer hours nothing can be judged. */
const MIN_HOURS = 72;
const AGAIN_MS = 60_000;

/**
 * Looks for what is not as expected in the complete hours and days of spend, requests, users, errors, latency and
 * ratings; writes each anomaly down with what explains it, and keeps one alert open for each metric and part while it lasts.
 * The first look of a process only counts: until a second one finds the same past, history may be on its way, and hours
 * that are not filled yet would seem to be without requests.
 */
export function detectAnomaliesJob(): WarehouseJob {
  let isSettled = false;
  let counted: number | null = null;
  return async ({ warehouse, catalog }, dueAtMs) => {
    const series = await readWatchedSeries(warehouse, { nowMs: dueAtMs, timezone: catalog().timezone });
    const { hours, requests } = sizeOf(series);
    isSettled ||= hours >= MIN_HOURS && counted === requests;
    counted = requests;
    if (!isSettled) return waitFor(hours);
    const found = series.flatMap(findAnomalies);
    const known = await readToldAnomalies(warehouse, dueAtMs - HISTORY_MS);
    const isNews = known.length === 0 ? () => true : (one: Anomaly) => one.fromMs >= dueAtMs - NEWS_MS;
    const current = await tell(found.filter(isNews), { warehouse, known, dueAtMs });
    const changed = [...current.filter((one) => isChanged(one, known)), ...ended(known, current)];
    await writeAnomalies(warehouse, changed);
    const alerts = await raiseAlerts(warehouse, findingsOf(series, current), dueAtMs);
    const open = current.filter(({ isOpen }) => isOpen);
    return {
      summary: `${open.length} open, ${changed.length} new or changed, in ${series.length} series`,
      notable: changed.length > 0,
      details: { series: series.length, hours, open: open.map(({ message }) => message), alerts },
    };
  };
}

/** How many hours, and how many requests of the complete days before the last two. */
function sizeOf(series: readonly WatchedSeries[]): { hours: number; requests: number } {
  const rowsOf = (grain: WatchedSeries["grain"]) =>
    series.find((one) => one.grain === grain && one.metric === "requests")?.rows ?? [];
  const days = rowsOf("day").slice(0, -2);
  return { hours: rowsOf("hour").length, requests: days.reduce((sum, { value }) => sum + value, 0) };
}

function waitFor(hours: number): JobReport {
  const summary = hours < MIN_HOURS ? `not enough history: ${hours} of ${MIN_HOURS} hours` : "looking again";
  return { summary, notable: false, details: { hours, need: MIN_HOURS }, againInMs: AGAIN_MS };
}

interface TellOptions {
  readonly warehouse: Warehouse;
  readonly known: readonly ToldAnomaly[];
  readonly dueAtMs: number;
}

/** Each with what explains it, as it was explained when it was new. */
async function tell(
  found: readonly Anomaly[],
  { warehouse, known, dueAtMs }: TellOptions,
): Promise<ToldAnomaly[]> {
  const before = new Map(known.map((one) => [keyOf(one), one]));
  const told: ToldAnomaly[] = [];
  let explained = 0;
  for (const anomaly of [...found].sort((a, b) => b.fromMs - a.fromMs)) {
    const same = before.get(keyOf(anomaly));
    if (same !== undefined) {
      told.push({ ...same, toMs: anomaly.toMs, isOpen: anomaly.isOpen });
      continue;
    }
    if (explained++ >= MAX_EXPLAINED) break;
    const explanations = explain(anomaly, await readComparison(warehouse, anomaly));
    told.push({ ...anomaly, explanations, message: describe(anomaly, explanations), foundAtMs: dueAtMs });
  }
  return told;
}

function isChanged(one: ToldAnomaly, known: readonly ToldAnomaly[]): boolean {
  const before = known.find((other) => keyOf(other) === keyOf(one));
  return before === undefined || before.isOpen !== one.isOpen || before.toMs !== one.toMs;
}

/** What was open and is no longer found, because its numbers were made good later. */
function ended(known: readonly ToldAnomaly[], current: readonly ToldAnomaly[]): ToldAnomaly[] {
  const found = new Set(current.map(keyOf));
  return known
    .filter((one) => one.isOpen && !found.has(keyOf(one)))
    .map((one) => ({ ...one, isOpen: false }));
}

/** One for each metric and part that is watched. What the hours have told already, the day does not tell again. */
function findingsOf(series: readonly WatchedSeries[], current: readonly ToldAnomaly[]): Finding[] {
  const subjects = new Map(series.map((one) => [subjectOf(one), one]));
  return [...subjects].map(([subject, { metric, part }]) => {
    const same = current.filter((one) => one.metric === metric && one.part === part);
    const open = same.find((one) => one.isOpen && !isToldByHours(one, same));
    return open === undefined ? closed(subject) : openFinding(subject, open);
  });
}

function isToldByHours({ grain, fromMs }: Anomaly, same: readonly Anomaly[]): boolean {
  const untilMs = fromMs + GRAIN_MS.day;
  return (
    grain === "day" &&
    same.some((one) => one.grain === "hour" && one.fromMs >= fromMs && one.fromMs < untilMs)
  );
}

const closed = (subject: string): Finding => ({
  kind: ALERT_KIND,
  subject,
  severity: "warning",
  holds: false,
  message: "",
  details: {},
});

function openFinding(
  subject: string,
  { message, actual, expected, score, explanations, fromMs, metric }: ToldAnomaly,
): Finding {
  const [first] = explanations;
  return {
    kind: ALERT_KIND,
    subject,
    severity: severityOf(metric, actual > expected),
    holds: true,
    message,
    details: {
      metric,
      actual,
      expected,
      score,
      cause: first?.name ?? null,
      explained: first?.explained ?? null,
      fromMs,
    },
  };
}

/** More users are good news. */
function severityOf(metric: Anomaly["metric"], isMore: boolean): Severity {
  return isMore && (metric === "new-users" || metric === "active-users") ? "info" : "warning";
}

async function raiseAlerts(
  warehouse: Warehouse,
  findings: readonly Finding[],
  nowMs: number,
): Promise<string[]> {
  if (findings.length === 0) return [];
  const open = (await readAlerts(warehouse, nowMs)).filter(
    ({ kind, status }) => kind === ALERT_KIND && status !== "resolved",
  );
  const changed = nextAlerts(open, findings, { nowMs, resolveAfterMs: 0, idOf: alertIdOf });
  await writeAlerts(warehouse, changed);
  return changed.map(({ subject, status }) => `${subject} ${status}`);
}

function subjectOf({ metric, part }: Pick<Anomaly, "metric" | "part">): string {
  return part === "" ? metric : `${metric} ${part}`;
}

function keyOf({ fromMs, grain, metric, part }: Anomaly): string {
  return `${fromMs} ${grain} ${metric} ${part}`;
}
