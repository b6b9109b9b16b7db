import type { FeedbackEvent } from "../domain/feedback-event.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { UserEvent } from "../domain/user-event.ts";
import { type CalendarWindow, calendarWindow } from "../domain/window.ts";
import { hourClock } from "../policy/hour-of-day.ts";
import { type Incident, incidentsBetween } from "./incident.ts";
import { drawLogNormal, type Random, streamOf } from "./random.ts";
import { momentOfDay, rhythmOf } from "./rhythm.ts";
import type { Simulation } from "./simulation.ts";
import { type DayTruth, emptyTruth } from "./truth.ts";

/** A day while it is being lived. */
export interface Day {
  readonly index: number;
  readonly window: CalendarWindow;
  readonly startsWeek: boolean;
  readonly random: Random;
  readonly incidents: readonly Incident[];
  /** Against a mean day. */
  readonly busyness: number;
  readonly truth: DayTruth;
  readonly requests: RequestEvent[];
  readonly users: UserEvent[];
  readonly feedback: FeedbackEvent[];
  /** What the clock on the wall shows: 0-23. */
  hourOf(ms: number): number;
  drawMoment(): number;
  incidentsAt(ms: number): readonly Incident[];
}

const QUARTER_MS = 15 * 60_000;
const DAY_SPREAD = 0.05;
const CAMPAIGN_USE = 1.5;
/** Nothing happens in the first second of a day but what happens before everything else. */
const FIRST_MS = 1_000;
const DAY_STREAM = 2;

export function beginDay(
  { options, plan, luck }: Simulation,
  { index, window }: { readonly index: number; readonly window: CalendarWindow },
): Day {
  const { startMs, endMs, name } = window;
  const { timezone } = options.catalog;
  const random = streamOf(options.seed, DAY_STREAM, index, ...(luck === 0 ? [] : [luck]));
  const incidents = incidentsBetween(plan, startMs, endMs);
  const campaign = incidents.some(({ kind }) => kind === "campaign") ? CAMPAIGN_USE : 1;
  const moment = momentOfDay();
  const hours = hoursOfQuarters(window, timezone);
  return {
    index,
    window,
    startsWeek: calendarWindow("week", startMs, timezone).startMs === startMs,
    random,
    incidents,
    busyness: rhythmOf(name) * campaign * drawLogNormal(random, 1, DAY_SPREAD),
    truth: emptyTruth(name),
    requests: [],
    users: [],
    feedback: [],
    hourOf: (ms) => hours[Math.floor((ms - startMs) / QUARTER_MS)] ?? 0,
    drawMoment: () =>
      startMs + FIRST_MS + Math.floor(moment(random(), random()) * (endMs - startMs - FIRST_MS)),
    incidentsAt: (ms) =>
      incidents.length === 0 ? incidents : incidents.filter(({ fromMs, toMs }) => ms >= fromMs && ms < toMs),
  };
}

function hoursOfQuarters({ startMs, endMs }: CalendarWindow, timeZone: string): number[] {
  const clock = hourClock(timeZone);
  return Array.from({ length: Math.ceil((endMs - startMs) / QUARTER_MS) }, (_, quarter) =>
    clock(startMs + quarter * QUARTER_MS),
  );
}
