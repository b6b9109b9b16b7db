import type { Tier } from "../domain/catalog.ts";
import type { CounterState } from "../domain/charge.ts";
import { usdFromNano } from "../domain/money.ts";
import type { CalendarWindow } from "../domain/window.ts";
import { counterNames, type Windows } from "./counter-keys.ts";
import { isoSeconds } from "./denial.ts";

export interface UsageScope {
  readonly unit: "requests" | "usd";
  /** Settled. */
  readonly used: number;
  /** In flight, at the most that it can come to. */
  readonly reserved: number;
  /** null = no limit. */
  readonly limit: number | null;
  /** Requests of the window that are over. */
  readonly requests: number;
  readonly resetsAt: string;
}

/** The answer of `GET /v1/usage`. */
export interface UsageView {
  readonly user: string;
  readonly tier: string;
  readonly timezone: string;
  readonly scopes: { readonly day: UsageScope; readonly week: UsageScope; readonly month: UsageScope };
  /** Requests that are over, of this calendar day, week and month. */
  readonly dailyRequestsUsed: number;
  readonly weeklyRequestsUsed: number;
  readonly monthlyRequestsUsed: number;
  /** The day on which the daily count began, in the time zone: `2026-11-24`. */
  readonly lastResetDate: string;
}

/** The counters that {@link usageView} needs, in its order. */
export function usageKeys(userId: string, windows: Windows): string[] {
  const names = counterNames(windows, userId);
  const [day, week, month] = [names("user-day"), names("user-week"), names("user-month")];
  return [day.requests, week.requests, month.requests, week["nano-usd"], month["nano-usd"]];
}

export function usageView(usage: {
  readonly userId: string;
  readonly tier: Tier;
  readonly timezone: string;
  readonly windows: Windows;
  /** Of {@link usageKeys}, in that order. */
  readonly states: readonly CounterState[];
}): UsageView {
  const { userId, tier, timezone, windows, states } = usage;
  const [day = NONE, weekRequests = NONE, monthRequests = NONE, week = NONE, month = NONE] = states;
  return {
    user: userId,
    tier: tier.name,
    timezone,
    scopes: {
      day: {
        unit: "requests",
        used: day.used,
        reserved: day.reserved,
        limit: tier.dailyRequests === Number.POSITIVE_INFINITY ? null : tier.dailyRequests,
        requests: day.used,
        resetsAt: isoSeconds(windows.day.endMs),
      },
      week: moneyScope(week, tier.weeklyBudget, { requests: weekRequests.used, window: windows.week }),
      month: moneyScope(month, tier.monthlyBudget, { requests: monthRequests.used, window: windows.month }),
    },
    dailyRequestsUsed: day.used,
    weeklyRequestsUsed: weekRequests.used,
    monthlyRequestsUsed: monthRequests.used,
    lastResetDate: windows.day.name,
  };
}

const NONE: CounterState = { used: 0, reserved: 0 };

function moneyScope(
  spend: CounterState,
  limit: number,
  more: { readonly requests: number; readonly window: CalendarWindow },
): UsageScope {
  return {
    unit: "usd",
    used: usdFromNano(spend.used),
    reserved: usdFromNano(spend.reserved),
    limit: usdFromNano(limit),
    requests: more.requests,
    resetsAt: isoSeconds(more.window.endMs),
  };
}
