import type { Tier } from "../domain/catalog.ts";
import type { UserEvent } from "../domain/user-event.ts";
import type { CalendarWindow } from "../domain/window.ts";
import { beginDay, type Day } from "./day.ts";
import { decideLife, habitsOf } from "./life.ts";
import type { Person } from "./person.ts";
import type { SimulatedDay } from "./simulate.ts";
import { attraction, type Simulation } from "./simulation.ts";
import { countChange } from "./truth.ts";
import { drawEventId } from "./uuid.ts";

/** Everybody decides what to do with the day, and does it. */
export function simulateDay(
  simulation: Simulation,
  { index, window }: { readonly index: number; readonly window: CalendarWindow },
): Omit<SimulatedDay, "startMs" | "endMs"> {
  const day = beginDay(simulation, { index, window });
  for (const person of simulation.people) liveDay(simulation, day, person);
  if (index === 0)
    for (const person of bringOver(simulation, day)) join(simulation, day, { person, seen: false });
  for (const person of signUp(simulation, day)) join(simulation, day, { person, seen: true });
  return {
    requests: day.requests.sort(byTime),
    users: day.users.sort(byTime),
    feedback: feedbackOf(simulation, day),
    truth: day.truth,
    incidents: day.incidents.filter(({ fromMs }) => fromMs >= window.startMs),
  };
}

/** Ratings that are given after midnight belong to tomorrow. */
function feedbackOf(simulation: Simulation, { feedback, window, truth }: Day) {
  const given = [...simulation.lateFeedback, ...feedback].sort(byTime);
  simulation.lateFeedback = given.filter(({ ts }) => ts >= window.endMs);
  const today = given.filter(({ ts }) => ts < window.endMs);
  truth.ratings = today.length;
  truth.ratingSum = today.reduce((sum, { rating }) => sum + rating, 0);
  return today;
}

function liveDay(simulation: Simulation, day: Day, person: Person): void {
  const { ladder } = simulation;
  const wave = day.incidents.find(({ kind }) => kind === "churn-wave");
  const life = decideLife(person, { ladder, day: day.index, leaveFactor: wave?.factor ?? 1 }, day.random);
  person.hitLimit = false;
  if (life.type === "return") person.gone = false;
  if (life.type === "leave") person.gone = true;
  const [lowest] = ladder;
  // Who leaves pays no longer.
  const next = life.type === "change" ? life.tier : life.type === "leave" ? lowest : undefined;
  const before = person.tier;
  if (next === undefined || next === before) {
    simulation.useDay(simulation, day, { person, seen: false });
    return;
  }
  const changeMs = day.drawMoment();
  person.tier = next;
  countChange(day.truth, before, next);
  setTier(day, { person, ts: changeMs, actor: "billing" });
  simulation.useDay(simulation, day, { person, seen: false, change: { before, ms: changeMs } });
}

function join(simulation: Simulation, day: Day, { person, seen }: { person: Person; seen: boolean }): void {
  simulation.people.push(person);
  day.truth.newUsers += 1;
  if (!seen) setTier(day, { person, ts: day.window.startMs, actor: "import" });
  simulation.useDay(simulation, day, { person, seen });
}

function signUp(
  { options, plan, signUps, makePerson, ladder }: Simulation,
  { index, window, random }: Day,
): Person[] {
  const [lowest = options.catalog.defaultTier] = ladder;
  const length = signUps.newUsers(index, attraction(plan, window));
  return Array.from({ length }, () => makePerson(lowest, index, random));
}

/** Users of an older system, in all tiers. */
function bringOver({ signUps, makePerson, ladder }: Simulation, { index, random }: Day): Person[] {
  const shares = ladder.map((tier) => [tier, habitsOf(ladder, tier).share] as const);
  const whole = shares.reduce((sum, [, share]) => sum + share, 0);
  return Array.from({ length: signUps.imported }, (_, i) => {
    const tier = tierAt(shares, ((i + 0.5) / signUps.imported) * whole);
    return makePerson(tier, index, random);
  });
}

function tierAt(shares: readonly (readonly [Tier, number])[], at: number): Tier {
  let edge = 0;
  for (const [tier, share] of shares) {
    edge += share;
    if (at < edge) return tier;
  }
  throw new RangeError("there is no tier");
}

interface TierSetting {
  readonly person: Person;
  readonly ts: number;
  readonly actor: string;
}

function setTier({ users, random }: Day, { person, ts, actor }: TierSetting): void {
  const event: UserEvent = {
    event_id: drawEventId(random, ts),
    user_id: person.id,
    ts,
    type: "set",
    tier: person.tier.name,
    actor,
  };
  users.push(event);
}

function byTime(a: { readonly ts: number }, b: { readonly ts: number }): number {
  return a.ts - b.ts;
}
