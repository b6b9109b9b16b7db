import type { Logger } from "pino";
import type { Conditions } from "./conditions.ts";

/** Bills above what was reserved: paid in full and recorded, and told to people, because a bound that does not hold leaks money. */
export interface OverBounds {
  add(bill: OverBoundBill): void;
  /** Providers that have kept their bounds for a while are normal again. */
  look(): void;
}

export interface OverBoundBill {
  readonly requestId: string;
  readonly provider: string;
  readonly boundNano: number;
  readonly costNano: number;
}

export interface OverBoundsOptions {
  readonly now: () => number;
  readonly conditions: Conditions;
  readonly logger: Logger;
}

/** A provider counts as mended when it has kept its bounds that long. */
export const OVER_BOUND_HOLDS_MS = 15 * 60_000;

export function openOverBounds({ now, conditions, logger }: OverBoundsOptions): OverBounds {
  /** By provider, of which the catalog has a few. */
  const last = new Map<string, { bill: OverBoundBill; atMs: number }>();
  const say = ({ provider, boundNano, costNano }: OverBoundBill, state: "over-bound" | "normal"): void =>
    conditions.set({ condition: "over-bound", subject: provider, state }, () => ({
      reason:
        state === "normal"
          ? `${provider} has kept within its bounds again`
          : `${provider} reported more than a request was bounded to; it was billed in full`,
      numbers: { boundNano, costNano },
    }));
  return {
    add(bill) {
      logger.error({ ...bill }, "a provider reported more than the bound of its request");
      last.set(bill.provider, { bill, atMs: now() });
      say(bill, "over-bound");
    },
    look() {
      for (const [provider, { bill, atMs }] of last) {
        const over = now() - atMs >= OVER_BOUND_HOLDS_MS;
        say(bill, over ? "normal" : "over-bound");
        if (over) last.delete(provider);
      }
    },
  };
}
