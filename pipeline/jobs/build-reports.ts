import { Temporal } from "temporal-polyfill";
import { nextAlerts } from "../../models/alerts/alert.ts";
import { truncate } from "../../models/domain/text.ts";
import { alertIdOf, readAlerts, writeAlerts } from "../alerts/alert-store.ts";
import type { Job, JobDeps, JobReport } from "../job.ts";
import type { BuildOutcome } from "../reports/report-builds.ts";

/** The day's build begins at the first look after this hour, when hardly anybody waits for an answer. */
export const BUILD_HOUR = 5;
const ALERT_KIND = "reports-failed";
/** The alert is over with the first build that succeeds. */
const AT_ONCE = { resolveAfterMs: 0 };
const MAX_REASON_LENGTH = 400;

/**
 * Builds the reports once a day, and again at each look while that fails: the last good ones stay, and an alert says so. Nothing happens where
 * the reports were never installed.
 */
export const buildReportsJob: Job = async (deps, dueAtMs) => {
  const { reports, catalog } = deps;
  if (reports === undefined) return quiet("the reports are built elsewhere");
  const wantedSinceMs = lastBuildTimeMs(dueAtMs, catalog().timezone);
  const builtAtMs = await reports.builtAtMs();
  if (builtAtMs !== null && builtAtMs >= wantedSinceMs) return quiet("today's reports are there");
  const outcome = await reports.build();
  if (outcome.kind === "not-installed")
    return quiet("the reports are not installed: `npm run reports` does it");
  if (outcome.kind === "nothing-yet") return quiet("there is no complete day to report of yet");
  if (outcome.kind === "busy") return quiet("somebody else builds them now");
  await tell(deps, outcome, dueAtMs);
  if (outcome.kind === "failed") throw new Error(`the reports could not be built: ${outcome.reason}`);
  const { pages, buildMs } = outcome;
  return {
    summary: `${pages} pages in ${Math.round(buildMs / 1_000)} s`,
    notable: true,
    details: { pages, buildMs, release: outcome.id },
  };
};

/** The latest time before now at which reports were due, by the catalog's calendar. */
function lastBuildTimeMs(nowMs: number, timezone: string): number {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timezone);
  const today = now.with({
    hour: BUILD_HOUR,
    minute: 0,
    second: 0,
    millisecond: 0,
    microsecond: 0,
    nanosecond: 0,
  });
  const last = Temporal.ZonedDateTime.compare(today, now) <= 0 ? today : today.subtract({ days: 1 });
  return last.epochMilliseconds;
}

async function tell(
  { warehouse }: JobDeps,
  outcome: Extract<BuildOutcome, { kind: "built" | "failed" }>,
  nowMs: number,
): Promise<void> {
  const reason = outcome.kind === "failed" ? firstLines(outcome.reason) : "";
  const finding = {
    kind: ALERT_KIND,
    subject: "",
    severity: "warning",
    holds: outcome.kind === "failed",
    message: `the reports could not be built, and show what was known before: ${reason}`,
    details: {},
  } as const;
  const open = (await readAlerts(warehouse, nowMs)).filter(({ status }) => status !== "resolved");
  await writeAlerts(warehouse, nextAlerts(open, [finding], { nowMs, idOf: alertIdOf, ...AT_ONCE }));
}

function firstLines(reason: string): string {
  return truncate(reason.replaceAll(/\s+/g, " "), MAX_REASON_LENGTH);
}

function quiet(summary: string): JobReport {
  return { summary, notable: false, details: {} };
}
