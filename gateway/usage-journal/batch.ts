import type { ReserveResult, UsageStoreError } from "../usage-store.ts";
import type { Held } from "./ledger.ts";

export interface Ending {
  readonly held: Held;
  /** null = released. */
  readonly amounts: readonly number[] | null;
}

const ADMITTED: ReserveResult = { ok: true };

/**
 * Reservations and endings of one turn of the event loop, which are written together. All callers of a turn share two
 * promises, so that a reservation costs none of its own.
 */
export class Batch {
  readonly reserved: Held[] = [];
  readonly ended: Ending[] = [];
  readonly resolve: () => void;
  readonly reject: (error: UsageStoreError) => void;
  readonly #written: Promise<void>;
  #admitted: Promise<ReserveResult> | null = null;
  #done: Promise<boolean> | null = null;

  constructor() {
    const waiting: { resolve?: () => void; reject?: (error: UsageStoreError) => void } = {};
    this.#written = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    this.resolve = () => waiting.resolve?.();
    this.reject = (error) => waiting.reject?.(error);
  }

  get admitted(): Promise<ReserveResult> {
    this.#admitted ??= this.#written.then(() => ADMITTED);
    return this.#admitted;
  }

  get done(): Promise<boolean> {
    this.#done ??= this.#written.then(() => true);
    return this.#done;
  }
}
