import type { Provider, Tier } from "../domain/catalog.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { Day } from "./day.ts";
import { drawFeedback } from "./draw-feedback.ts";
import { drawAskedAgain } from "./draw-quality.ts";
import { drawRequest } from "./draw-request.ts";
import { habitsOf } from "./life.ts";
import { closeDay, type Person } from "./person.ts";
import { drawPoisson } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import { countPerson, countRequest } from "./truth.ts";
import { drawEventId } from "./uuid.ts";

export interface Use {
  readonly person: Person;
  /** A gateway meets the person today for the first time: so there is at least one request. */
  readonly seen: boolean;
  /** The tier that they had before this moment. */
  readonly change?: { readonly before: Tier; readonly ms: number };
}

/** What somebody does with a day. */
export type UseDay = (simulation: Simulation, day: Day, use: Use) => void;

const SPIKE_USE = 1.6;
const FAILURE_ANNOYANCE = 0.5;

/** A person's requests of a day, in order, and what they make of the person. */
export function useDay(simulation: Simulation, day: Day, { person, seen, change }: Use): void {
  if (day.startsWeek) person.weekSpent = 0;
  const moments = person.gone ? [] : drawMoments(simulation, day, { person, seen });
  const [firstMs] = moments;
  if (seen && firstMs !== undefined) meet(day, person, firstMs);
  const { providers } = simulation.options.catalog;
  let admitted = 0;
  let answeredBy: Provider | undefined;
  for (const ts of moments) {
    const tier = change !== undefined && ts < change.ms ? change.before : person.tier;
    const incidents = day.incidentsAt(ts);
    const moment = { ts, hourOfDay: day.hourOf(ts), tier, admitted, incidents };
    const event = drawRequest(simulation.world, person, moment, day.random);
    if (event.outcome !== "denied") admitted += 1;
    if (answeredBy !== undefined && drawAskedAgain(event, answeredBy)) event.asked_again_of = answeredBy.name;
    answeredBy = event.outcome === "ok" ? providers.get(event.provider) : undefined;
    experience(person, event);
    countRequest(day.truth, event);
    day.requests.push(event);
    const rating = drawFeedback({ event, incidents, providers }, day.random);
    if (rating !== null) day.feedback.push(rating);
  }
  closeDay(person, moments.length > 0);
  countPerson(day.truth, person);
}

/** When somebody asks on a day, in order. */
export function drawMoments(
  { ladder }: Simulation,
  day: Day,
  { person, seen }: { readonly person: Person; readonly seen: boolean },
): number[] {
  const { random, busyness } = day;
  const habits = habitsOf(ladder, person.tier);
  if (!seen && random() >= habits.presence * person.diligence * Math.sqrt(busyness)) return [];
  const spike = day.incidents.some(({ kind }) => kind === "cost-spike") ? SPIKE_USE : 1;
  const mean = habits.requests * person.appetite * busyness * Math.sqrt(spike);
  const length = Math.max(seen ? 1 : 0, drawPoisson(random, mean));
  return Array.from({ length }, () => day.drawMoment()).sort((a, b) => a - b);
}

/** As a gateway records it: just before the first request is. */
function meet({ users, random }: Day, { id, tier }: Person, firstMs: number): void {
  users.push({
    event_id: drawEventId(random, firstMs),
    user_id: id,
    ts: firstMs,
    type: "seen",
    tier: tier.name,
  });
}

function experience(person: Person, { outcome, denial_reason, cost }: RequestEvent): void {
  person.weekSpent += cost;
  if (outcome === "failed") person.annoyance += FAILURE_ANNOYANCE;
  if (denial_reason === "daily_requests_exceeded") person.hitLimit = true;
}
