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
  return (scope) => `${scope}:${unit}:${windowOf(scope, windows).name}:${isOfUser(scope) ? userId : ""}`;
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

const GRAINS: Readonly<Record<Scope, WindowGrain | null>> = {
  "user-minute": "minute",
  "user-day": "day",
  "user-week": "week",
  "user-month": "month",
  "global-minute": "minute",
  "global-day": "day",
  "global-week": "week",
  "global-lifetime": null,
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

function windowOf(scope: Scope, windows: Windows): Pick<CalendarWindow, "name" | "endMs"> {
  const grain = GRAINS[scope];
  return grain === null ? LIFETIME : windows[grain];
}

function isOfUser(scope: Scope): boolean {
  return scope.startsWith("user-");
}
