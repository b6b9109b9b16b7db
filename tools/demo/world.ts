import type { Catalog } from "../../models/domain/catalog.ts";
import { type SimulatedDay, simulate } from "../../models/simulation/simulate.ts";
import { eventsBetween } from "../simulate/until.ts";
import type { DemoState } from "./state.ts";

type Events = Pick<SimulatedDay, "requests" | "users" | "feedback">;

/** A simulated world that goes on as the clock does. */
export interface World {
  /**
   * The next events that have happened until now and were not taken yet, at most a day's; null when there are none. `untilMs`:
   * everything before it has been taken with them.
   */
  next(nowMs: number): (Events & { readonly untilMs: number }) | null;
}

/** Lives again through the days that were done before, without handing them out: equal options make equal events. */
export function openDemoWorld(state: DemoState, catalog: Catalog): World {
  const days = simulate({ ...state, catalog });
  let day: SimulatedDay | null = null;
  let doneUntilMs = state.doneUntilMs;
  return {
    next(nowMs) {
      while (day === null || day.endMs <= doneUntilMs) day = days.next().value;
      if (day.startMs > nowMs) return null;
      const untilMs = Math.min(nowMs, day.endMs);
      if (untilMs <= doneUntilMs) return null;
      const events = eventsBetween(day, doneUntilMs, untilMs);
      doneUntilMs = untilMs;
      return { ...events, untilMs };
    },
  };
}
