import type { Charge, CounterState, Scope } from "../domain/charge.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { formatUsd } from "../domain/money.ts";
import type { Controls } from "./controls.ts";

export interface Denial {
  readonly code: ErrorCode;
  readonly message: string;
  /** At least 1: until the limit resets or the directive behind it ends, whichever comes first. */
  readonly retryAfterSeconds: number;
}

/** What to tell the caller whose charge did not fit. */
export function denialOf(charge: Charge, controls: Controls, nowMs: number): Denial {
  const directive = directiveBehind(charge, controls);
  const resetsAtMs = Math.min(charge.windowEndsAtMs, directive?.expiresAt ?? Number.POSITIVE_INFINITY);
  const emergency = charge.scope === "global-day" && directive !== null;
  const limit = `${emergency ? "emergency budget" : LIMITS[charge.scope].name} of ${amountOf(charge)}`;
  const never = charge.unit === "nano-usd" && charge.amount > charge.limit;
  return {
    code: emergency ? "emergency_budget_exceeded" : LIMITS[charge.scope].code,
    message: never
      ? `this request could cost ${dollars(charge.amount)}, more than the whole ${limit}; ask for fewer tokens`
      : `${limit} is used up; resets ${isoSeconds(resetsAtMs)}`,
    retryAfterSeconds: Math.max(1, Math.ceil((resetsAtMs - nowMs) / 1000)),
  };
}

/**
 * Whether the charge would fit but for what others have in flight, which may turn out to be less. `ownCost` is what the request
 * has come to already, at other providers, and will be billed for certain.
 */
export function isBusy({ unit, amount, limit }: Charge, { used }: CounterState, ownCost = 0): boolean {
  return unit === "nano-usd" && used + ownCost + amount <= limit;
}

/** What to tell whose charge did not fit only because of what is in flight: it may fit in a moment. */
export function busyDenial(denial: Denial): Denial {
  return {
    ...denial,
    message: `${denial.message}: what requests in flight may cost is counted until they are over`,
    retryAfterSeconds: Math.min(denial.retryAfterSeconds, BUSY_RETRY_SECONDS),
  };
}

const BUSY_RETRY_SECONDS = 5;

/** Dollars with at least two decimals: 500_000_000 -> "$0.50". */
export function dollars(nano: number): string {
  const [whole = "0", fraction = ""] = formatUsd(nano).split(".");
  return `$${whole}.${fraction.padEnd(2, "0")}`;
}

/** `2026-11-30T00:00:00Z` */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

const LIMITS: Readonly<Record<Scope, { readonly code: ErrorCode; readonly name: string }>> = {
  "user-minute": { code: "rate_limited", name: "limit a minute" },
  "user-day": { code: "daily_requests_exceeded", name: "daily limit" },
  "user-week": { code: "weekly_budget_exceeded", name: "weekly budget" },
  "user-month": { code: "monthly_budget_exceeded", name: "monthly budget" },
  "global-minute": { code: "rate_limited", name: "limit a minute of all users" },
  "global-day": { code: "global_daily_budget_exceeded", name: "daily budget of all users" },
  "global-week": { code: "global_weekly_budget_exceeded", name: "weekly budget of all users" },
  // Has no limit, so nothing is ever denied because of it.
  "global-lifetime": { code: "internal_error", name: "count of all time" },
  // Nobody is told: such a request goes where the others go.
  "explored-day": { code: "internal_error", name: "daily budget for trying providers" },
};

function amountOf({ unit, limit }: Charge): string {
  if (unit === "nano-usd") return dollars(limit);
  return `${limit} ${limit === 1 ? "request" : "requests"}`;
}

/** The directive whose end lifts this limit, if it is a directive that set it. */
function directiveBehind({ scope, limit }: Charge, controls: Controls) {
  const { emergencyDailyBudget, userRequestsPerMinute, globalRequestsPerMinute } = controls;
  const candidate = {
    "user-minute": userRequestsPerMinute,
    "global-minute": globalRequestsPerMinute,
    "global-day": emergencyDailyBudget,
  };
  const found = isDirected(scope) ? candidate[scope] : null;
  return found !== null && found.limit === limit ? found.directive : null;
}

function isDirected(scope: Scope): scope is "user-minute" | "global-minute" | "global-day" {
  return scope === "user-minute" || scope === "global-minute" || scope === "global-day";
}
