/**
 * What a request asks of one counter. A request is admitted when each of its charges fits, and then takes all of them at once.
 */
export const SCOPES = [
  "user-minute",
  "user-day",
  "user-week",
  "user-month",
  "global-minute",
  "global-day",
  "global-week",
  /** Never ends: what everybody ever did, for the reconciliation. */
  "global-lifetime",
  /** What everybody's requests cost on a day that go elsewhere in order to learn. Last, because the journal keeps places in this list. */
  "explored-day",
] as const;
export type Scope = (typeof SCOPES)[number];

export type ChargeUnit = "requests" | "nano-usd";

export interface Charge {
  readonly scope: Scope;
  readonly unit: ChargeUnit;
  /** The counter, unique for scope, unit, owner and window: `user-day:requests:2026-11-24:u42`. */
  readonly key: string;
  /** 1 for requests; the bound of the cost in nano-dollars for money. */
  readonly amount: number;
  /** used + reserved + amount may not be above it; Infinity = only counted. */
  readonly limit: number;
  /** End of the counter's window: the counter may be forgotten after it. */
  readonly windowEndsAtMs: number;
}

/** used: settled; reserved: in flight, at its bound. */
export interface CounterState {
  readonly used: number;
  readonly reserved: number;
}
