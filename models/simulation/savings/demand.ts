import { type CalendarWindow, calendarWindow } from "../../domain/window.ts";
import type { Day } from "../day.ts";
import { simulateDay } from "../simulate-day.ts";
import { beginSimulation, type SimulationOptions } from "../simulation.ts";
import { drawMoments, type UseDay } from "../use-day.ts";
import { type Ask, openAsking } from "./ask.ts";

/** What people ask on a day, ascending by time. */
export interface DemandDay {
  readonly index: number;
  readonly window: CalendarWindow;
  readonly asks: readonly Ask[];
  /** Who has signed up today. */
  readonly newcomers: ReadonlySet<string>;
  /** Everybody who had signed up before. */
  readonly usersBefore: number;
}

/**
 * The same people and the same life as in `simulate.ts`, but nobody has answered them yet. What the product does must not change
 * what is asked, or its arms could not be compared: so limits and failures make nobody leave or upgrade here.
 */
export function* demandOf(options: SimulationOptions): Generator<DemandDay, void> {
  const today: { asks: Ask[]; newcomers: Set<string> } = { asks: [], newcomers: new Set() };
  const simulation = beginSimulation(options, askDay(options, today));
  let startMs = simulation.plan.startMs;
  for (let index = 0; index < options.days; index += 1) {
    const window = calendarWindow("day", startMs, options.catalog.timezone);
    const usersBefore = simulation.people.length;
    today.asks = [];
    today.newcomers = new Set();
    simulateDay(simulation, { index, window });
    const asks = today.asks.sort((a, b) => a.ts - b.ts);
    yield { index, window, asks, newcomers: today.newcomers, usersBefore };
    startMs = window.endMs;
  }
}

function askDay({ seed }: SimulationOptions, today: { asks: Ask[]; newcomers: Set<string> }): UseDay {
  let draw: ReturnType<typeof openAsking> | null = null;
  return (simulation, day: Day, { person, seen, change }) => {
    draw ??= openAsking(seed, simulation.world.featureOf);
    if (person.gone) return;
    if (seen) today.newcomers.add(person.id);
    for (const ts of drawMoments(simulation, day, { person, seen })) {
      const tier = change !== undefined && ts < change.ms ? change.before : person.tier;
      const incidents = day.incidentsAt(ts);
      const moment = {
        ts,
        hourOfDay: day.hourOf(ts),
        tier,
        userId: person.id,
        day: day.window.name,
        incidents,
      };
      today.asks.push(draw(moment, day.random));
    }
  };
}
