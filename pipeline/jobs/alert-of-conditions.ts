import type { Alert, Severity } from "../../models/alerts/alert.ts";
import {
  type ConditionEpisode,
  type ConditionKind,
  conditionEpisodes,
} from "../../models/domain/gateway-condition.ts";
import { readAlerts, writeAlerts } from "../alerts/alert-store.ts";
import type { Job } from "../job.ts";

/** Episodes that ended longer ago have their alerts resolved already. */
const LOOK_BACK_MS = 7 * 24 * 3600 * 1000;

/** Another job looks at these together with what the calls of all gateways came to, so that it is one alert. */
const LOOKED_AT_WITH_CALLS: ReadonlySet<ConditionKind> = new Set(["provider-down"]);

/**
 * One alert for each episode of a gateway's condition: open while it holds, told anew when it gets worse, resolved when it is over.
 * The alert has the id of the event that began the episode, so that running twice, or on two machines, makes no second one.
 */
export const alertOfConditions: Job = async ({ directory, warehouse }, dueAtMs) => {
  const sinceMs = dueAtMs - LOOK_BACK_MS;
  const episodes = conditionEpisodes(directory.directives.conditions(), dueAtMs).filter(
    ({ condition, endedAt }) =>
      !LOOKED_AT_WITH_CALLS.has(condition) && (endedAt === null || endedAt >= sinceMs),
  );
  const stored = new Map((await readAlerts(warehouse, sinceMs)).map((alert) => [alert.id, alert]));
  const changed = episodes.map(alertOf).filter((alert) => isNews(alert, stored.get(alert.id)));
  await writeAlerts(warehouse, changed);
  const summary = changed.map(({ kind, status }) => `${kind} ${status}`).join(", ");
  return {
    summary: summary === "" ? "nothing has changed" : summary,
    notable: changed.length > 0,
    details: { alerts: changed.map(({ id }) => id) },
  };
};

/** Another state, or the end. What somebody has acknowledged stays so until then. */
function isNews(alert: Alert, stored: Alert | undefined): boolean {
  if (stored === undefined || stored.details.state !== alert.details.state) return true;
  return (stored.status === "resolved") !== (alert.status === "resolved");
}

const SEVERITIES: Readonly<Record<string, Severity>> = {
  paused: "warning",
  fallback: "critical",
  stopped: "critical",
  high: "warning",
  "over-bound": "critical",
};

function alertOf(episode: ConditionEpisode): Alert {
  const { id, condition, subject, state, reason, numbers, beganAt, endedAt } = episode;
  return {
    id,
    kind: condition,
    subject,
    severity: SEVERITIES[state] ?? "warning",
    status: endedAt === null ? "open" : "resolved",
    openedAt: beganAt,
    resolvedAt: endedAt,
    message: `${condition} ${state}: ${reason}`,
    details: { state, ...numbers },
  };
}
