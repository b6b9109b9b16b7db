import type { FeedbackEvent } from "../domain/feedback-event.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { UserEvent } from "../domain/user-event.ts";
import { calendarWindow } from "../domain/window.ts";
import type { Incident } from "./incident.ts";
import { simulateDay } from "./simulate-day.ts";
import {
  beginSimulation,
  type ForkOptions,
  forkSimulation,
  type Simulation,
  type SimulationOptions,
} from "./simulation.ts";
import type { DayTruth } from "./truth.ts";

/** Everything that gateways would have recorded on a day, ascending by time. A rating stands on the day on which it was given. */
export interface SimulatedDay {
  readonly startMs: number;
  readonly endMs: number;
  readonly requests: readonly RequestEvent[];
  readonly users: readonly UserEvent[];
  readonly feedback: readonly FeedbackEvent[];
  readonly truth: DayTruth;
  /** Those that begin on this day. */
  readonly incidents: readonly Incident[];
}

/**
 * A product's life, day by day and without an end: the caller takes as many days as it wants. Equal options give equal
 * events, down to their ids. In memory are the people and one day.
 */
export function* simulate(options: SimulationOptions): Generator<SimulatedDay, never> {
  const life = beginLife(options);
  for (;;) yield life.nextDay();
}

/** A product's life that can be lived once more from any morning on. */
export interface SimulatedLife {
  nextDay(): SimulatedDay;
  /** From this morning on another life, with other luck or without an incident. */
  fork(options: ForkOptions): SimulatedLife;
}

export function beginLife(options: SimulationOptions): SimulatedLife {
  const simulation = beginSimulation(options);
  return lifeFrom(simulation, { index: 0, startMs: simulation.plan.startMs });
}

function lifeFrom(simulation: Simulation, from: { index: number; startMs: number }): SimulatedLife {
  let { index, startMs } = from;
  return {
    nextDay() {
      const window = calendarWindow("day", startMs, simulation.options.catalog.timezone);
      const day = { startMs, endMs: window.endMs, ...simulateDay(simulation, { index, window }) };
      index += 1;
      startMs = window.endMs;
      return day;
    },
    fork: (options) => lifeFrom(forkSimulation(simulation, options), { index, startMs }),
  };
}
