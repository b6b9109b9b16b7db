import { ERROR_CODES } from "../../models/domain/errors.ts";

/** How one request ended, as the app saw it. */
export type Reply =
  | { readonly kind: "ok" | "cached"; readonly latencyMs: number; readonly cost: bigint | null }
  | { readonly kind: "denied" | "failed"; readonly latencyMs: number; readonly code: string };

export interface Tally {
  sent: number;
  ok: number;
  cached: number;
  /** Answers whose headers told the cost. A stream's cost is not known when its headers are sent. */
  priced: number;
  /** Nano-dollars, of the priced answers. */
  cost: bigint;
  readonly denied: Map<string, number>;
  readonly failed: Map<string, number>;
  /** Of ok and cached answers: until the last byte. */
  readonly latenciesMs: number[];
  /** By how much later than the trace says a request was sent. */
  readonly latenessMs: number[];
}

export function emptyTally(): Tally {
  return {
    sent: 0,
    ok: 0,
    cached: 0,
    priced: 0,
    cost: 0n,
    denied: new Map(),
    failed: new Map(),
    latenciesMs: [],
    latenessMs: [],
  };
}

export function countReply(tally: Tally, reply: Reply): void {
  if ("code" in reply) {
    const codes = tally[reply.kind];
    codes.set(reply.code, (codes.get(reply.code) ?? 0) + 1);
    return;
  }
  tally[reply.kind] += 1;
  tally.latenciesMs.push(reply.latencyMs);
  if (reply.cost === null) return;
  tally.priced += 1;
  tally.cost += reply.cost;
}

export function countAll(codes: ReadonlyMap<string, number>): number {
  return [...codes.values()].reduce((sum, count) => sum + count, 0);
}

/** The requests of which nobody knows whether they reached the gateway: it gave no answer. */
export function countUnanswered({ failed }: Tally): number {
  return [...failed].reduce((sum, [code, count]) => sum + (code in ERROR_CODES ? 0 : count), 0);
}

/** Nearest rank (the smallest value that at least `share` of the values do not exceed); null without values. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** "0.0012345" dollars to 1_234_500n nano-dollars, exactly; null: it is not such a number. */
export function nanoFromDecimal(text: string): bigint | null {
  const [, whole, fraction = ""] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  return whole === undefined ? null : BigInt(whole + fraction.padEnd(9, "0"));
}
