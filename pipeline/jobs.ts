import type { JobEntry } from "./job.ts";
import { alertOfConditions } from "./jobs/alert-of-conditions.ts";
import { decideJob } from "./jobs/decide.ts";
import { forecastSpend } from "./jobs/forecast-spend.ts";
import { publishSettings } from "./jobs/publish-settings.ts";
import { reconcileJob } from "./jobs/reconcile.ts";

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
    { name: "decide", cron: "*/2 * * * * *", atStart: false, record: "notable", run: decideJob() },
    { name: "reconcile", cron: "5 * * * * *", atStart: false, record: "each", run: reconcileJob },
    { name: "forecast-spend", cron: "0 2 * * * *", atStart: true, record: "each", run: forecastSpend },
  ];
}
