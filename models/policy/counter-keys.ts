import type { ChargeUnit, Scope } from "../domain/charge.ts";
import type { CalendarWindow, WindowGrain } from "../domain/window.ts";

/** The calendar windows of one moment, in the catalog's time zone. */
export type Windows = Readonly<Record<WindowGrain, CalendarWindow>>;

/** A counter's name for each unit, and when its window ends. */
export interface CounterNames extends Readonly<Record<ChargeUnit, string>> {
  readonly windowEndsAtMs: number;
}

/**
 * The counters of one user and of everybody at one moment. The user's id comes last in a counter's name, so that no id can be
 * mistaken for another part of it; the counters of everybody have no id.
 *
 * The names of a user are made once a day and handed out again and again: a request that made its own would spend most of its
 * time on putting strings together and hashing them.
 */
export function counterNames(windows: Windows, userId: string): (scope: Scope) => CounterNames {
  const own = namesOfOwner(windows, userId);
  const all = userId === "" ? own : namesOfOwner(windows, "");
  return (scope) => {
    if (scope === "user-minute") return namesOf(scope, windows.minute, userId);
    if (scope === "global-minute") return namesOf(scope, windows.minute, "");
    return USER_SCOPES[scope] ? own[scope] : all[scope];
  };
}

/** The counter of everything that was ever settled, nano-dollars. */
export function lifetimeSpendKey(): string {
  return namesOf("global-lifetime", LIFETIME, "")["nano-usd"];
}

/** The window of a counter that is never reset; its end is the last moment that a date can name. */
const LIFETIME = { name: "ever", endMs: 8.64e15 } as const;

type LongScope = Exclude<Scope, "user-minute" | "global-minute">;
type OwnerNames = Readonly<Record<LongScope, CounterNames>>;

const USER_SCOPES: Readonly<Record<LongScope, boolean>> = {
  "user-day": true,
  "user-week": true,
  "user-month": true,
  "global-day": false,
  "global-week": false,
  "global-lifetime": false,
  "explored-day": false,
};

/** Owners whose names are remembered at once, about 1 kB each; then it begins anew. */
const MAX_OWNERS = 100_000;

/** By day, whose week and month are always the same ones; a day that is over takes its names with it. */
const remembered = new WeakMap<CalendarWindow, Map<string, OwnerNames>>();

function namesOfOwner(windows: Windows, owner: string): OwnerNames {
  let ofDay = remembered.get(windows.day);
  if (ofDay === undefined) {
    ofDay = new Map();
    remembered.set(windows.day, ofDay);
  }
  let names = ofDay.get(owner);
  if (names === undefined) {
    if (ofDay.size >= MAX_OWNERS) ofDay.clear();
    names = makeNames(windows, owner);
    ofDay.set(owner, names);
  }
  return names;
}

function makeNames({ day, week, month }: Windows, owner: string): OwnerNames {
  return {
    "user-day": namesOf("user-day", day, owner),
    "user-week": namesOf("user-week", week, owner),
    "user-month": namesOf("user-month", month, owner),
    "global-day": namesOf("global-day", day, ""),
    "global-week": namesOf("global-week", week, ""),
    "global-lifetime": namesOf("global-lifetime", LIFETIME, ""),
    "explored-day": namesOf("explored-day", day, ""),
  };
}

function namesOf(scope: Scope, window: Pick<CalendarWindow, "name" | "endMs">, owner: string): CounterNames {
  return {
    requests: `${scope}:requests:${window.name}:${owner}`,
    "nano-usd": `${scope}:nano-usd:${window.name}:${owner}`,
    windowEndsAtMs: window.endMs,
  };
}
