import type { Catalog, Tier } from "../domain/catalog.ts";
import type { Person } from "./person.ts";
import type { Random } from "./random.ts";

/** The tiers as a ladder: the default one first, then those that cost something, the cheapest first. */
export function tierLadder({ tiers, defaultTier }: Catalog): readonly Tier[] {
  const paid = [...tiers.values()].filter(
    ({ monthlyPrice, name }) => monthlyPrice > 0 && name !== defaultTier.name,
  );
  return [defaultTier, ...paid.sort((a, b) => a.monthlyPrice - b.monthlyPrice)];
}

export interface Habits {
  /** The chance that somebody of the tier comes on a mean day. */
  readonly presence: number;
  /** Requests on a day on which they come. */
  readonly requests: number;
  readonly leave: number;
  readonly upgrade: number;
  readonly downgrade: number;
  readonly cancel: number;
  /** Of those who are imported. */
  readonly share: number;
}

/** By the tier's place on the ladder; chances by the day. */
const HABITS: readonly [Habits, Habits, Habits] = [
  { presence: 0.6, requests: 5.5, leave: 0.0035, upgrade: 0.0018, downgrade: 0, cancel: 0, share: 80 },
  { presence: 0.8, requests: 20, leave: 0.0009, upgrade: 0.0004, downgrade: 0, cancel: 0.0012, share: 16 },
  { presence: 0.9, requests: 60, leave: 0.0006, upgrade: 0, downgrade: 0.0009, cancel: 0.0007, share: 4 },
];

export function habitsOf(ladder: readonly Tier[], tier: Tier): Habits {
  const [lowest, middle, highest] = HABITS;
  const place = ladder.indexOf(tier);
  if (place <= 0) return lowest;
  return place === ladder.length - 1 && place > 1 ? highest : middle;
}

export type LifeEvent =
  | { readonly type: "stay" }
  | { readonly type: "leave" }
  | { readonly type: "return" }
  | { readonly type: "change"; readonly tier: Tier };

const STAY: LifeEvent = { type: "stay" };
const RETURN_CHANCE = 0.0004;
/** Newcomers leave that much faster at first. */
const NEWCOMER_DAYS = 30;
const NEWCOMER_FACTOR = 3;
const ANNOYED_LEAVE = 1.5;
/** Who ran into the day's limit wants more. */
const LIMIT_UPGRADE_FACTOR = 4;

/** What a person decides on a day: at most one thing. `leaveFactor` is above 1 in a churn wave. */
export function decideLife(
  person: Person,
  { ladder, day, leaveFactor }: { ladder: readonly Tier[]; day: number; leaveFactor: number },
  random: Random,
): LifeEvent {
  const draw = random();
  if (person.gone) return draw < RETURN_CHANCE ? { type: "return" } : STAY;
  const habits = habitsOf(ladder, person.tier);
  const newcomer = day - person.signedUpOnDay < NEWCOMER_DAYS ? NEWCOMER_FACTOR : 1;
  let edge = habits.leave * newcomer * leaveFactor * (1 + ANNOYED_LEAVE * person.annoyance);
  if (draw < edge) return { type: "leave" };
  const place = ladder.indexOf(person.tier);
  edge += habits.upgrade * (person.hitLimit ? LIMIT_UPGRADE_FACTOR : 1);
  if (draw < edge) return changeTo(ladder[place + 1]);
  edge += habits.downgrade * leaveFactor;
  if (draw < edge) return changeTo(ladder[place - 1]);
  edge += habits.cancel * leaveFactor * (1 + person.annoyance);
  return draw < edge && place > 0 ? changeTo(ladder[0]) : STAY;
}

function changeTo(tier: Tier | undefined): LifeEvent {
  return tier === undefined ? STAY : { type: "change", tier };
}
