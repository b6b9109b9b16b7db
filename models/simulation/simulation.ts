import { Temporal } from "temporal-polyfill";
import type { Catalog, Tier } from "../domain/catalog.ts";
import type { FeedbackEvent } from "../domain/feedback-event.ts";
import { calendarWindow } from "../domain/window.ts";
import { foldControls } from "../policy/controls.ts";
import { openWorld, type World } from "./draw-request.ts";
import { type Incident, type IncidentPlan, incidentsBetween } from "./incident.ts";
import { tierLadder } from "./life.ts";
import { type Person, personMaker } from "./person.ts";
import { rhythmOf } from "./rhythm.ts";
import { signUpSchedule } from "./sign-ups.ts";
import { type UseDay, useDay } from "./use-day.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Everybody who has signed up after `days` days. */
  readonly users: number;
  readonly days: number;
  /** The first day, `YYYY-MM-DD` in the catalog's time zone. */
  readonly startDay: string;
  readonly catalog: Catalog;
}

/** What one day hands to the next. */
export interface Simulation {
  readonly options: SimulationOptions;
  readonly world: World;
  readonly ladder: readonly Tier[];
  readonly plan: IncidentPlan;
  /** Which of many possible courses of the same days; 0 in all but forks. */
  readonly luck: number;
  readonly people: Person[];
  readonly makePerson: ReturnType<typeof personMaker>;
  readonly signUps: ReturnType<typeof signUpSchedule>;
  readonly useDay: UseDay;
  /** Ratings of the last answers before midnight that were given after it. */
  lateFeedback: FeedbackEvent[];
}

export const MAX_SIMULATED_DAYS = 3_660;
export const MAX_SIMULATED_USERS = 1_000_000;

/** `use`: what people do with their days; by default they ask, are answered, and become what that makes of them. */
export function beginSimulation(options: SimulationOptions, use: UseDay = useDay): Simulation {
  const { seed, users, days, startDay, catalog } = options;
  if (!(days >= 1 && days <= MAX_SIMULATED_DAYS)) throw new RangeError(`days: 1 to ${MAX_SIMULATED_DAYS}`);
  if (!(users >= 1 && users <= MAX_SIMULATED_USERS))
    throw new RangeError(`users: 1 to ${MAX_SIMULATED_USERS}`);
  const firstDay = Temporal.PlainDate.from(startDay).toZonedDateTime(catalog.timezone).startOfDay();
  const plan = { seed, startMs: firstDay.epochMilliseconds, providers: servingProviders(catalog) };
  return {
    options,
    world: openWorld(catalog, foldControls(catalog, [])),
    ladder: tierLadder(catalog),
    plan,
    luck: 0,
    people: [],
    makePerson: personMaker(seed),
    signUps: signUpSchedule({ users, dayWeights: dayWeights(plan, options) }),
    useDay: use,
    lateFeedback: [],
  };
}

export interface ForkOptions {
  readonly luck: number;
  readonly without?: Incident;
}

/** The same people on the same morning, whose days may go another way: forks know nothing of each other. */
export function forkSimulation(simulation: Simulation, { luck, without }: ForkOptions): Simulation {
  const people = simulation.people.map((person) => ({ ...person }));
  return {
    ...simulation,
    plan: without === undefined ? simulation.plan : { ...simulation.plan, without },
    luck,
    people,
    makePerson: personMaker(simulation.options.seed, people.length),
    signUps: simulation.signUps.fork(),
    lateFeedback: [...simulation.lateFeedback],
  };
}

interface DaySpan {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** How much the season or a campaign brings new users in on a day. */
export function attraction(plan: IncidentPlan, { name, startMs, endMs }: DaySpan): number {
  const campaign = incidentsBetween(plan, startMs, endMs).find(({ kind }) => kind === "campaign");
  return rhythmOf(name) * (campaign?.factor ?? 1);
}

function dayWeights(plan: IncidentPlan, { days, catalog }: SimulationOptions): number[] {
  const weights: number[] = [];
  for (let index = 0, startMs = plan.startMs; index < days; index += 1) {
    const window = calendarWindow("day", startMs, catalog.timezone);
    weights.push(attraction(plan, window));
    startMs = window.endMs;
  }
  return weights;
}

/** Those that some tier may use: an incident of another one would go unnoticed. */
function servingProviders({ tiers }: Catalog): string[] {
  return [...new Set([...tiers.values()].flatMap(({ allowedProviders }) => allowedProviders))];
}
