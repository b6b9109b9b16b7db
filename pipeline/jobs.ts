import type { JobEntry } from "./job.ts";
import { alertOfConditions } from "./jobs/alert-of-conditions.ts";
import { decideJob } from "./jobs/decide.ts";
import { deliverAlerts } from "./jobs/deliver-alerts.ts";
import { evaluateLiveAlerts, evaluateSlowAlerts } from "./jobs/evaluate-alerts.ts";
import { forecastSpend } from "./jobs/forecast-spend.ts";
import { forgetOldRollups } from "./jobs/forget-old-rollups.ts";
import { publishSettings } from "./jobs/publish-settings.ts";
import { reconcileJob } from "./jobs/reconcile.ts";
import { rollUp } from "./jobs/roll-up.ts";
import { workOutBreakEven } from "./jobs/work-out-break-even.ts";

/** The timetable: what runs when, in the catalog's time zone. A fresh list, because `decide` remembers its rules. */
export function timetable(): JobEntry[] {
  return [
    {
      name: "publish-settings",
      cron: "*/10 * * * * *",
      atStart: true,
      record: "notable",
      run: publishSettings,
    },
    {
      name: "alert-of-conditions",
      cron: "*/2 * * * * *",
      atStart: true,
      record: "notable",
      run: alertOfConditions,
    },
    ...rollupEntries(),
    {
      name: "evaluate-live-alerts",
      cron: "*/15 * * * * *",
      atStart: false,
      record: "notable",
      run: evaluateLiveAlerts,
    },
    {
      name: "evaluate-slow-alerts",
      cron: "55 * * * * *",
      atStart: false,
      record: "notable",
      run: evaluateSlowAlerts,
    },
    { name: "deliver-alerts", cron: "*/5 * * * * *", atStart: false, record: "notable", run: deliverAlerts },
    { name: "decide", cron: "*/2 * * * * *", atStart: false, record: "notable", run: decideJob() },
    { name: "reconcile", cron: "5 * * * * *", atStart: false, record: "each", run: reconcileJob },
    { name: "forecast-spend", cron: "0 2 * * * *", atStart: true, record: "each", run: forecastSpend },
    {
      name: "work-out-break-even",
      cron: "0 12 * * * *",
      atStart: true,
      record: "each",
      run: workOutBreakEven,
    },
  ];
}

/** Later ones read what earlier ones have made. */
function rollupEntries(): JobEntry[] {
  return [
    {
      name: "roll-up-requests",
      cron: "20 * * * * *",
      atStart: true,
      record: "each",
      run: rollUp("requests"),
    },
    {
      name: "roll-up-ratings",
      cron: "35 */5 * * * *",
      atStart: false,
      record: "each",
      run: rollUp("ratings"),
    },
    {
      name: "roll-up-activity",
      cron: "40 */5 * * * *",
      atStart: false,
      record: "each",
      run: rollUp("activity"),
    },
    {
      name: "roll-up-cohorts",
      cron: "45 */15 * * * *",
      atStart: false,
      record: "each",
      run: rollUp("cohorts"),
    },
    {
      name: "roll-up-subscriptions",
      cron: "50 * * * * *",
      atStart: true,
      record: "notable",
      run: rollUp("subscriptions"),
    },
    {
      name: "forget-old-rollups",
      cron: "0 17 * * * *",
      atStart: false,
      record: "each",
      run: forgetOldRollups,
    },
  ];
}
