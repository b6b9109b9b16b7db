import type { Tier } from "../domain/catalog.ts";
import type { Charge, Scope } from "../domain/charge.ts";
import type { NanoUsd } from "../domain/money.ts";
import type { Controls } from "./controls.ts";
import { counterNames, type Windows } from "./counter-keys.ts";

export { lifetimeSpendKey, type Windows } from "./counter-keys.ts";

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
  /** Where a provider is tried in order to learn: nano-dollars that such calls may cost today. */
  readonly explorationLimit?: number | undefined;
}

/**
 * What a call asks of the counters, in the order in which a denial is told: the rate, the user's requests, the user's money,
 * everybody's money. Counters without a limit are there to be shown.
 */
export function chargesFor(question: ChargeQuestion): Charge[] {
  const charges: Charge[] = [];
  const names = counterNames(question.windows, question.userId);
  if (question.hop === 0) addRequests(charges, names, question);
  addMoney(charges, names, question);
  return charges;
}

/** What each charge comes to when the call did cost `cost`; in the order of the charges. */
export function actualAmounts(charges: readonly Charge[], cost: number): number[] {
  return charges.map((charge) => (charge.unit === "requests" ? charge.amount : cost));
}

/** The counters of the safeguards: the spend of everybody. */
export function safeguardKeys(windows: Windows): { day: string; week: string } {
  const names = counterNames(windows, "");
  return { day: names("global-day")["nano-usd"], week: names("global-week")["nano-usd"] };
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

type NamesOf = ReturnType<typeof counterNames>;

function addRequests(charges: Charge[], names: NamesOf, question: ChargeQuestion): void {
  const { controls, tier } = question;
  const add = (scope: Scope, limit: number): void => {
    const { requests: key, windowEndsAtMs } = names(scope);
    charges.push({ scope, unit: "requests", key, amount: 1, limit, windowEndsAtMs });
  };
  const perMinute = userRequestsPerMinute(controls, tier, question.highLoad ?? false);
  if (perMinute !== Number.POSITIVE_INFINITY) add("user-minute", perMinute);
  if (controls.globalRequestsPerMinute !== null) add("global-minute", controls.globalRequestsPerMinute.limit);
  add("user-day", tier.dailyRequests);
  add("user-week", Number.POSITIVE_INFINITY);
  add("user-month", Number.POSITIVE_INFINITY);
  add("global-day", Number.POSITIVE_INFINITY);
}

function addMoney(charges: Charge[], names: NamesOf, question: ChargeQuestion): void {
  const { controls, tier, explorationLimit, bound: amount } = question;
  const add = (scope: Scope, limit: number): void => {
    const { "nano-usd": key, windowEndsAtMs } = names(scope);
    charges.push({ scope, unit: "nano-usd", key, amount, limit, windowEndsAtMs });
  };
  add("user-day", Number.POSITIVE_INFINITY);
  add("user-week", tier.weeklyBudget);
  add("user-month", tier.monthlyBudget);
  add("global-day", globalDailyLimit(controls));
  add("global-week", controls.catalog.safeguards.weeklyBudget);
  add("global-lifetime", Number.POSITIVE_INFINITY);
  if (explorationLimit !== undefined) add("explored-day", explorationLimit);
}
