import { z } from "zod";
import { type ConditionEpisode, conditionEpisodes } from "../../models/domain/gateway-condition.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Job } from "../job.ts";

/** Episodes that ended longer ago have their alerts resolved already. */
const LOOK_BACK_MS = 7 * 24 * 3600 * 1000;

/**
 * One alert for each episode of a gateway's condition: open while it holds, told anew when it gets worse, resolved when it is over.
 * The alert has the id of the event that began the episode, so that running twice, or on two machines, makes no second one.
 */
export const alertOfConditions: Job = async ({ directory, warehouse }, dueAtMs) => {
  const episodes = conditionEpisodes(directory.directives.conditions(), dueAtMs).filter(
    ({ endedAt }) => endedAt === null || endedAt >= dueAtMs - LOOK_BACK_MS,
  );
  const known = await warehouse.query({
    sql: sqlFile(new URL("../queries/condition-alerts.sql", import.meta.url)),
    params: { ids: episodes.map(({ id }) => id) },
    row: z.object({ id: z.string(), status: z.string(), message: z.string() }),
  });
  const before = new Map(known.map((alert) => [alert.id, alert]));
  const changed = episodes.map(alertRow).filter(({ id, status, message }) => {
    const stored = before.get(id);
    // An operator may have acknowledged it; only its end changes that.
    if (stored?.status === "acknowledged") return status === "resolved";
    return stored?.status !== status || stored.message !== message;
  });
  await warehouse.insert("alerts", changed);
  const summary = changed.map(({ kind, status }) => `${kind} ${status}`).join(", ");
  return {
    summary: summary === "" ? "nothing has changed" : summary,
    notable: changed.length > 0,
    details: { alerts: changed.map(({ id }) => id) },
  };
};

const SEVERITIES: Readonly<Record<string, "warning" | "critical">> = {
  paused: "warning",
  fallback: "critical",
  stopped: "critical",
  high: "warning",
  "over-bound": "critical",
};

function alertRow(episode: ConditionEpisode) {
  const { id, condition, subject, state, reason, numbers, beganAt, endedAt } = episode;
  return {
    id,
    kind: condition,
    subject,
    severity: SEVERITIES[state] ?? "warning",
    status: endedAt === null ? "open" : "resolved",
    opened_at: beganAt,
    notified_at: 0,
    resolved_at: endedAt ?? 0,
    message: `${condition} ${state}: ${reason}`,
    details: JSON.stringify({ state, ...numbers }),
  };
}
