import type { Tier } from "../domain/catalog.ts";
import type { UserId } from "../domain/ids.ts";
import { drawLogNormal, drawNormal, type Random, weightedChoice } from "./random.ts";

/** An end user of the simulation. Changes as the days go by. */
export interface Person {
  readonly id: UserId;
  readonly country: string;
  readonly device: string;
  /** Of requests a day, against others of the same tier. */
  readonly appetite: number;
  /** The chance to come on a day, against others of the same tier. */
  readonly diligence: number;
  readonly signedUpOnDay: number;
  tier: Tier;
  gone: boolean;
  /** Bad experiences, fading by the day; 0 = content. */
  annoyance: number;
  weekSpent: number;
  /** Bit 0 is today, bit 29 the day 29 days ago; `before` the 30 days before those. 1 = at least one request. */
  recentDays: number;
  beforeDays: number;
  /** Refused for the day's limit today. */
  hitLimit: boolean;
}

const THIRTY_BITS = 2 ** 30 - 1;
const FADE_PER_DAY = 0.8;

const COUNTRIES = [
  ["US", 34],
  ["DE", 14],
  ["GB", 12],
  ["FR", 8],
  ["IN", 8],
  ["BR", 6],
  ["CA", 5],
  ["ES", 4],
  ["AU", 3],
  ["JP", 3],
  ["NL", 2],
  ["", 1],
] as const;
const DEVICES = [
  ["ios", 46],
  ["android", 38],
  ["web", 16],
] as const;

/** Makes people; the choices are built once. `madeBefore`: how many there are already. */
export function personMaker(seed: number, madeBefore = 0) {
  const countryOf = weightedChoice(COUNTRIES);
  const deviceOf = weightedChoice(DEVICES);
  let made = madeBefore;
  return (tier: Tier, day: number, random: Random): Person => {
    made += 1;
    return {
      id: `sim-${seed}-${made}` as UserId,
      country: countryOf(random()),
      device: deviceOf(random()),
      appetite: drawLogNormal(random, 0.85, 0.55),
      diligence: Math.min(1.5, Math.max(0.2, 1 + 0.35 * drawNormal(random))),
      signedUpOnDay: day,
      tier,
      gone: false,
      annoyance: 0,
      weekSpent: 0,
      recentDays: 0,
      beforeDays: 0,
      hitLimit: false,
    };
  };
}

/** The end of a day: what is remembered of it. */
export function closeDay(person: Person, active: boolean): void {
  const oldest = (person.recentDays >>> 29) & 1;
  person.beforeDays = ((person.beforeDays << 1) | oldest) & THIRTY_BITS;
  person.recentDays = ((person.recentDays << 1) | (active ? 1 : 0)) & THIRTY_BITS;
  person.annoyance *= FADE_PER_DAY;
}
