import type { ChargeUnit, Scope } from "../domain/charge.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import { counterNames, type Windows } from "./counter-keys.ts";
import { EXPLORED_BELOW } from "./draw-by-weights.ts";

/** What one request has used of one counter. */
export interface CounterUse {
  readonly scope: Scope;
  readonly unit: ChargeUnit;
  readonly key: string;
  /** Requests or nano-dollars. */
  readonly used: number;
  readonly windowEndsAtMs: number;
}

const REQUEST_SCOPES = ["user-day", "user-week", "user-month", "global-day"] as const;
const MONEY_SCOPES = [...REQUEST_SCOPES, "global-week", "global-lifetime"] as const;

/**
 * What a recorded request has used, so that counters which were lost can be made again from the events. It gives what admission and
 * settlement would have come to ({@link chargesFor}), but for the counters of a minute, which are over sooner than that is done. What
 * was tried in order to learn counts whether its directive bounded that or not: an event does not tell.
 */
export function recordedUse(
  {
    user_id: userId,
    outcome,
    cost,
    propensity,
  }: Pick<RequestEvent, "outcome" | "cost" | "propensity"> & { user_id: string },
  windows: Windows,
): CounterUse[] {
  const names = counterNames(windows, userId);
  const use = (scope: Scope, unit: ChargeUnit, used: number) => {
    const { [unit]: key, windowEndsAtMs } = names(scope);
    return { scope, unit, key, used, windowEndsAtMs };
  };
  const requests = outcome === "denied" ? [] : REQUEST_SCOPES.map((scope) => use(scope, "requests", 1));
  const money = cost === 0 ? [] : MONEY_SCOPES.map((scope) => use(scope, "nano-usd", cost));
  const isExplored = cost > 0 && propensity > 0 && propensity < EXPLORED_BELOW;
  return [...requests, ...money, ...(isExplored ? [use("explored-day", "nano-usd", cost)] : [])];
}
