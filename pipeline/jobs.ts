import type { JobEntry } from "./job.ts";
import { alertOfConditions } from "./jobs/alert-of-conditions.ts";
import { applyRetention } from "./jobs/apply-retention.ts";
import { buildReportsJob } from "./jobs/build-reports.ts";
import { checkDecisions } from "./jobs/check-decisions.ts";
import { decideJob } from "./jobs/decide.ts";
import { deliverAlerts } from "./jobs/deliver-alerts.ts";
import { detectAnomaliesJob } from "./jobs/detect-anomalies.ts";
import { eraseUsers } from "./jobs/erase-users.ts";
import { evaluateLiveAlerts, evaluateSlowAlerts } from "./jobs/evaluate-alerts.ts";
import { forecastSpendJob } from "./jobs/forecast-spend.ts";
import { forgetOldRollups } from "./jobs/forget-old-rollups.ts";
import { learnRoutingJob } from "./jobs/learn-routing.ts";
import { mailWeeklySummary } from "./jobs/mail-weekly-summary.ts";
import { publishSettings } from "./jobs/publish-settings.ts";
import { recommend } from "./jobs/recommend.ts";
import { reconcileJob } from "./jobs/reconcile.ts";
import { rollUp } from "./jobs/roll-up.ts";
import { verifyDecisions } from "./jobs/verify.ts";
import { workOutBreakEven } from "./jobs/work-out-break-even.ts";

/** The timetable: what runs when, in the catalog's time zone. A fresh list, because some remember what they have seen. */
export function timetable(): JobEntry[] {
  return [
    {
      name: "publish-settings",
      cron: "*/10 * * * * *",
      atStart: true,
      record: "notable",
      readsSimulated: true,
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
    {
      name: "erase-users",
      cron: "25 * * * * *",
      atStart: false,
      record: "notable",
      readsSimulated: true,
      run: eraseUsers,
    },
    {
      name: "apply-retention",
      cron: "30 */10 * * * *",
      atStart: true,
      record: "notable",
      readsSimulated: true,
      run: applyRetention,
    },
    {
      name: "check-decisions",
      cron: "40 7-59/10 * * * *",
      atStart: true,
      record: "notable",
      run: checkDecisions,
    },
    { name: "verify", cron: "7-59/15 * * * * *", atStart: false, record: "notable", run: verifyDecisions },
    {
      name: "reconcile",
      cron: "5 * * * * *",
      atStart: false,
      record: "each",
      readsSimulated: true,
      run: reconcileJob,
    },
    {
      name: "detect-anomalies",
      cron: "0 3 * * * *",
      atStart: true,
      record: "each",
      run: detectAnomaliesJob(),
    },
    { name: "forecast-spend", cron: "0 2 * * * *", atStart: true, record: "each", run: forecastSpendJob() },
    {
      name: "learn-routing",
      cron: "0 15 * * * *",
      atStart: false,
      record: "notable",
      run: learnRoutingJob(),
    },
    { name: "recommend", cron: "0 9 * * * *", atStart: true, record: "each", run: recommend },
    {
      name: "work-out-break-even",
      cron: "0 12 * * * *",
      atStart: true,
      record: "each",
      readsSimulated: true,
      run: workOutBreakEven,
    },
    {
      name: "build-reports",
      cron: "0 25 * * * *",
      atStart: false,
      record: "notable",
      readsSimulated: true,
      run: buildReportsJob,
    },
    {
      name: "mail-weekly-summary",
      cron: "0 10 * * * *",
      atStart: false,
      record: "notable",
      readsSimulated: true,
      run: mailWeeklySummary,
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
      readsSimulated: true,
      run: rollUp("requests"),
    },
    {
      name: "roll-up-ratings",
      cron: "35 */5 * * * *",
      atStart: false,
      record: "each",
      readsSimulated: true,
      run: rollUp("ratings"),
    },
    {
      name: "roll-up-activity",
      cron: "40 */5 * * * *",
      atStart: false,
      record: "each",
      readsSimulated: true,
      run: rollUp("activity"),
    },
    {
      name: "roll-up-cohorts",
      cron: "45 */15 * * * *",
      atStart: false,
      record: "each",
      readsSimulated: true,
      run: rollUp("cohorts"),
    },
    {
      name: "roll-up-subscriptions",
      cron: "50 * * * * *",
      atStart: true,
      record: "notable",
      readsSimulated: true,
      run: rollUp("subscriptions"),
    },
    {
      name: "forget-old-rollups",
      cron: "0 17 * * * *",
      atStart: false,
      record: "each",
      readsSimulated: true,
      run: forgetOldRollups,
    },
  ];
}
