import { SingleBar } from "cli-progress";
import { Temporal } from "temporal-polyfill";
import type { Catalog } from "../../models/domain/catalog.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { Incident } from "../../models/simulation/incident.ts";
import { simulate } from "../../models/simulation/simulate.ts";
import type { DayTruth } from "../../models/simulation/truth.ts";
import type { LoadCounts, SimulationLoader } from "./loader.ts";
import { eventsBetween } from "./until.ts";

export interface RunOptions {
  readonly days: number;
  readonly users: number;
  readonly seed: number;
  readonly catalog: Catalog;
  /** The end of the simulated past; today's truth is that of the whole day all the same. */
  readonly nowMs: number;
  /** Where progress is shown. */
  readonly output: NodeJS.WriteStream;
}

export interface RunResult {
  readonly truth: {
    readonly seed: number;
    readonly startDay: string;
    /** Where the events end: the last day's truth is that of the whole day. */
    readonly untilMs: number;
    readonly days: readonly DayTruth[];
    readonly incidents: readonly Incident[];
  };
  readonly summary: LoadCounts & { readonly startDay: string; readonly seconds: number };
}

/** Lives through the days and hands them to the loader. */
export async function runSimulation(loader: SimulationLoader, options: RunOptions): Promise<RunResult> {
  const { days, users, seed, catalog, nowMs, output } = options;
  const startedMs = performance.now();
  const startDay = firstDay(days, nowMs, catalog.timezone);
  const bar = new SingleBar({
    format: "{bar} {percentage} % | day {value} of {total} | {events} requests",
    stream: output,
  });
  const truths: DayTruth[] = [];
  const incidents: Incident[] = [];
  let events = 0;
  bar.start(days, 0, { events });
  for (const day of simulate({ seed, users, days, startDay, catalog })) {
    truths.push(day.truth);
    incidents.push(...day.incidents);
    events += day.requests.length;
    await loader.take(day.endMs <= nowMs ? day : eventsBetween(day, 0, nowMs));
    bar.update(truths.length, { events });
    if (truths.length === days) break;
  }
  const counts = await loader.finish();
  bar.stop();
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return {
    truth: { seed, startDay, untilMs: nowMs, days: truths, incidents },
    summary: { ...counts, startDay, seconds },
  };
}

export function firstDay(days: number, nowMs: number, timeZone: string): string {
  const today = Temporal.PlainDate.from(calendarWindow("day", nowMs, timeZone).name);
  return today.subtract({ days: days - 1 }).toString();
}
