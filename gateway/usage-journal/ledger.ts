import type { Charge, ChargeUnit, CounterState, Scope } from "../../models/domain/charge.ts";
import { KeyedInFlight } from "../in-flight.ts";

/** A counter in memory. `numbering` and `number`: under which number the journal knows it, see {@link JournalWriter}. */
export interface Counter {
  readonly key: string;
  readonly scope: Scope;
  readonly unit: ChargeUnit;
  readonly windowEndsAtMs: number;
  used: number;
  reserved: number;
  numbering: number;
  number: number;
  /** The last snapshot that holds it, or that began before it was made and so must not hold it. */
  snapshot: number;
}

/** A reservation in force. Its charges and counters go pairwise. */
export interface Held {
  /** Names it in the journal. */
  readonly sequence: number;
  readonly id: string;
  readonly charges: readonly Charge[];
  readonly counters: readonly Counter[];
  expiresAtMs: number;
  readonly reservedAtMs: number;
  readonly memo: string;
  ended: boolean;
}

export type HoldResult =
  | { readonly ok: true; readonly counters: readonly Counter[] }
  | { readonly ok: false; readonly denied: Charge; readonly state: CounterState };

/** A counter outlives its window by this much, so that a clock that is set back does not find it empty. */
const MINUTE_GRACE_MS = 2 * 60_000;
const WINDOW_GRACE_MS = 60 * 60_000;

/** When nobody can ask for the counter any more. */
export function forgottenAtMs({ scope, windowEndsAtMs }: Pick<Charge, "scope" | "windowEndsAtMs">): number {
  return windowEndsAtMs + (scope.endsWith("minute") ? MINUTE_GRACE_MS : WINDOW_GRACE_MS);
}

/** Counters and reservations in memory, where every operation is whole because nothing else runs in between. */
export class Ledger {
  readonly counters = new Map<string, Counter>();
  readonly held = new KeyedInFlight<Held>();
  /** The snapshot that is being written, or was written last. */
  snapshot = 0;
  /** Called before the first change of `used` of a counter that the running snapshot does not hold yet. */
  beforeChange: ((counter: Counter) => void) | null = null;

  /** Takes all charges or none. Their amounts are known to be valid. */
  take(charges: readonly Charge[]): HoldResult {
    const counters: Counter[] = [];
    const opened = new Set<Counter>();
    for (const charge of charges) {
      const counter = this.counters.get(charge.key);
      const used = counter?.used ?? 0;
      const reserved = counter?.reserved ?? 0;
      if (used + reserved + charge.amount > charge.limit) {
        this.#putBack(charges, { counters, opened });
        return { ok: false, denied: charge, state: { used, reserved } };
      }
      const taken = counter ?? this.open(charge);
      if (counter === undefined) opened.add(taken);
      taken.reserved += charge.amount;
      counters.push(taken);
    }
    return { ok: true, counters };
  }

  hold(held: Held): void {
    this.held.set(held.id, held);
  }

  /** Replaces what was reserved by `actual`; null: by nothing. */
  end(held: Held, actual: readonly number[] | null): void {
    held.ended = true;
    this.held.delete(held.id);
    held.counters.forEach((counter, at) => {
      const charge = held.charges[at];
      if (charge !== undefined) counter.reserved -= charge.amount;
      const amount = actual?.[at] ?? 0;
      if (amount > 0) this.use(counter, amount);
    });
  }

  use(counter: Counter, amount: number): void {
    if (counter.snapshot !== this.snapshot) this.beforeChange?.(counter);
    counter.used += amount;
  }

  read(key: string): CounterState {
    const counter = this.counters.get(key);
    return { used: counter?.used ?? 0, reserved: counter?.reserved ?? 0 };
  }

  open(of: Pick<Charge, "key" | "scope" | "unit" | "windowEndsAtMs">): Counter {
    const { key, scope, unit, windowEndsAtMs } = of;
    const counter: Counter = {
      key,
      scope,
      unit,
      windowEndsAtMs,
      used: 0,
      reserved: 0,
      numbering: 0,
      number: 0,
      snapshot: this.snapshot,
    };
    this.counters.set(key, counter);
    return counter;
  }

  /** Forgets the counter if nobody can ask for it any more. */
  forgetIfOver(counter: Counter, nowMs: number): boolean {
    const over = counter.reserved === 0 && forgottenAtMs(counter) <= nowMs;
    if (over) this.counters.delete(counter.key);
    return over;
  }

  forget(counter: Counter): void {
    if (counter.snapshot !== this.snapshot) this.beforeChange?.(counter);
    counter.used = 0;
    if (counter.reserved === 0) this.counters.delete(counter.key);
  }

  /** Another reservation may hold a counter that was there before with an amount of 0, so only new ones are forgotten. */
  #putBack(
    charges: readonly Charge[],
    { counters, opened }: { readonly counters: readonly Counter[]; readonly opened: ReadonlySet<Counter> },
  ): void {
    counters.forEach((counter, at) => {
      counter.reserved -= charges[at]?.amount ?? 0;
    });
    for (const { key } of opened) this.counters.delete(key);
  }
}
