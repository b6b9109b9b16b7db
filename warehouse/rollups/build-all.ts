import { Temporal } from "temporal-polyfill";
import { calendarWindow } from "../../models/domain/window.ts";
import type { Warehouse } from "../warehouse.ts";
import { type BuildOptions, type BuildReport, buildRollup } from "./build-rollup.ts";
import { ROLLUPS, type RollupName } from "./rollups.ts";

/** Rounds of the whole: each does at least one day, and a year takes one. */
const MAX_ROUNDS = 100;

/** Builds until nothing is due: after a load, and in tests. Returns how many days of each rollup were made. */
export async function buildAllRollups(options: BuildOptions): Promise<Record<RollupName, number>> {
  const made: Record<RollupName, number> = {
    requests: 0,
    ratings: 0,
    activity: 0,
    cohorts: 0,
    subscriptions: 0,
  };
  for (const rollup of ROLLUPS) {
    let report: BuildReport = { days: [], full: true };
    for (let round = 0; report.full && round < MAX_ROUNDS; round += 1) {
      report = await buildRollup(rollup, options);
      made[rollup.name] += report.days.length;
    }
  }
  return made;
}

/** What a build needs to know of the calendar. */
export function buildOptions(warehouse: Warehouse, timeZone: string, nowMs: number): BuildOptions {
  return {
    warehouse,
    timeZone,
    today: calendarWindow("day", nowMs, timeZone).name,
    spanOf(day) {
      const start = Temporal.PlainDate.from(day).toZonedDateTime(timeZone).startOfDay();
      return calendarWindow("day", start.epochMilliseconds, timeZone);
    },
  };
}
