import type { Tier } from "../domain/catalog.ts";
import type { Charge, ChargeUnit, Scope } from "../domain/charge.ts";
import type { NanoUsd } from "../domain/money.ts";
import type { CalendarWindow, WindowGrain } from "../domain/window.ts";
import type { Controls } from "./controls.ts";

/** The calendar windows of one moment, in the catalog's time zone. */
export type Windows = Readonly<Record<WindowGrain, CalendarWindow>>;

export interface ChargeQuestion {
  readonly controls: Controls;
  /** Out of `controls.tiers`. */
  readonly tier: Tier;
  readonly userId: string;
  /** What the call can cost at most. */
  readonly bound: NanoUsd;
  /** 0 for the first provider that is tried; a later one is the same request, so only its money is charged. */
  readonly hop: number;
  readonly windows: Windows;
  readonly highLoad?: boolean;
}

/**
 * What a call asks of the counters, in the order in which a denial is told: the rate, the user's requests, the user's money,
 * everybody's money. Counters without a limit are there to be shown.
 */
export function chargesFor(question: ChargeQuestion): Charge[] {
  const charges: Charge[] = [];
  if (question.hop === 0) addRequests(charges, question);
  addMoney(charges, question);
  return charges;
}

/** What each charge comes to when the call did cost `cost`; in the order of the charges. */
export function actualAmounts(charges: readonly Charge[], cost: number): number[] {
  return charges.map((charge) => (charge.unit === "requests" ? charge.amount : cost));
}

/**
 * The counters of one unit and moment. The user's id comes last in a counter's name, so that no id can be mistaken for
 * another part of it; the counters of everybody have no id.
 */
export function counterKey(unit: ChargeUnit, windows: Windows, userId: string): (scope: Scope) => string {
  return (scope) => {
    const prefix = prefixOf(scope, unit, windowOf(scope, windows));
    return PARTS[scope].ofUser ? prefix + userId : prefix;
  };
}

/** The counters of the safeguards: the spend of everybody. */
export function safeguardKeys(windows: Windows): { day: string; week: string } {
  const key = counterKey("nano-usd", windows, "");
  return { day: key("global-day"), week: key("global-week") };
}

/** What one user may send a minute: the tightest of the tier's, a directive's and the high-load limit; Infinity = no limit. */
export function userRequestsPerMinute(controls: Controls, tier: Tier, highLoad: boolean): number {
  const load = highLoad ? controls.catalog.routing.highLoad?.userRequestsPerMinute : undefined;
  return Math.min(
    tier.requestsPerMinute,
    controls.userRequestsPerMinute?.limit ?? Number.POSITIVE_INFINITY,
    load ?? Number.POSITIVE_INFINITY,
  );
}

/** The tighter of the safeguard and the emergency budget, nano-dollars. */
export function globalDailyLimit(controls: Controls): number {
  return Math.min(
    controls.catalog.safeguards.dailyBudget,
    controls.emergencyDailyBudget?.limit ?? Number.POSITIVE_INFINITY,
  );
}

/** Everything that was ever settled, nano-dollars. */
export function lifetimeSpendKey(): string {
  return `global-lifetime:nano-usd:${LIFETIME.name}:`;
}

/** The window of a counter that is never reset; its end is the last moment that a date can name. */
const LIFETIME = { name: "ever", endMs: 8.64e15 } as const;

interface ScopeParts {
  /** null = it never ends. */
  readonly grain: WindowGrain | null;
  readonly ofUser: boolean;
}

const PARTS: Readonly<Record<Scope, ScopeParts>> = {
  "user-minute": { grain: "minute", ofUser: true },
  "user-day": { grain: "day", ofUser: true },
  "user-week": { grain: "week", ofUser: true },
  "user-month": { grain: "month", ofUser: true },
  "global-minute": { grain: "minute", ofUser: false },
  "global-day": { grain: "day", ofUser: false },
  "global-week": { grain: "week", ofUser: false },
  "global-lifetime": { grain: null, ofUser: false },
};

function addRequests(charges: Charge[], question: ChargeQuestion): void {
  const { controls, tier } = question;
  const add = charging(charges, question, "requests");
  const perMinute = userRequestsPerMinute(controls, tier, question.highLoad ?? false);
  if (perMinute !== Number.POSITIVE_INFINITY) add("user-minute", perMinute);
  if (controls.globalRequestsPerMinute !== null) add("global-minute", controls.globalRequestsPerMinute.limit);
  add("user-day", tier.dailyRequests);
  add("user-week", Number.POSITIVE_INFINITY);
  add("user-month", Number.POSITIVE_INFINITY);
  add("global-day", Number.POSITIVE_INFINITY);
}

function addMoney(charges: Charge[], question: ChargeQuestion): void {
  const { controls, tier } = question;
  const add = charging(charges, question, "nano-usd");
  add("user-day", Number.POSITIVE_INFINITY);
  add("user-week", tier.weeklyBudget);
  add("user-month", tier.monthlyBudget);
  add("global-day", globalDailyLimit(controls));
  add("global-week", controls.catalog.safeguards.weeklyBudget);
  add("global-lifetime", Number.POSITIVE_INFINITY);
}

function charging(charges: Charge[], { windows, userId, bound }: ChargeQuestion, unit: ChargeUnit) {
  const key = counterKey(unit, windows, userId);
  const amount = unit === "requests" ? 1 : bound;
  return (scope: Scope, limit: number): void => {
    charges.push({
      scope,
      unit,
      key: key(scope),
      amount,
      limit,
      windowEndsAtMs: windowOf(scope, windows).endMs,
    });
  };
}

type NamedWindow = Pick<CalendarWindow, "name" | "endMs">;

function windowOf(scope: Scope, windows: Windows): NamedWindow {
  const { grain } = PARTS[scope];
  return grain === null ? LIFETIME : windows[grain];
}

/** What all keys of a window begin with; a window is the same object for all requests in it, and a hashed string is faster. */
const prefixes = new WeakMap<NamedWindow, Map<Scope, Readonly<Record<ChargeUnit, string>>>>();

function prefixOf(scope: Scope, unit: ChargeUnit, window: NamedWindow): string {
  let ofWindow = prefixes.get(window);
  if (ofWindow === undefined) {
    ofWindow = new Map();
    prefixes.set(window, ofWindow);
  }
  let ofScope = ofWindow.get(scope);
  if (ofScope === undefined) {
    const { name } = window;
    ofScope = { requests: `${scope}:requests:${name}:`, "nano-usd": `${scope}:nano-usd:${name}:` };
    ofWindow.set(scope, ofScope);
  }
  return ofScope[unit];
}
