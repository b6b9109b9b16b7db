import type { Charge, CounterState } from "../domain/charge.ts";

/** How many requests a user may still send, by the limit that will be reached first. */
export interface RequestAllowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetsAtMs: number;
}

/** The charges that {@link requestAllowance} is about: limited counters of requests. */
export function allowanceCharges(charges: readonly Charge[]): Charge[] {
  return charges.filter(({ unit, limit }) => unit === "requests" && limit !== Number.POSITIVE_INFINITY);
}

/** `states` go pairwise with `charges`, both of {@link allowanceCharges}. Null: nothing limits the requests. */
export function requestAllowance(
  charges: readonly Charge[],
  states: readonly CounterState[],
): RequestAllowance | null {
  let tightest: RequestAllowance | null = null;
  charges.forEach(({ limit, windowEndsAtMs }, at) => {
    const { used, reserved } = states[at] ?? { used: 0, reserved: 0 };
    const remaining = Math.max(0, limit - used - reserved);
    if (tightest === null || remaining < tightest.remaining)
      tightest = { limit, remaining, resetsAtMs: windowEndsAtMs };
  });
  return tightest;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** As OpenAI writes durations in its headers: `12ms`, `1s`, `6m0s`, `17h5m30s`. */
export function durationText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.ceil(ms))}ms`;
  const whole = Math.ceil(ms / SECOND_MS) * SECOND_MS;
  const hours = Math.floor(whole / HOUR_MS);
  const minutes = Math.floor((whole % HOUR_MS) / MINUTE_MS);
  const seconds = (whole % MINUTE_MS) / SECOND_MS;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
