import { z } from "zod";
import { sqlFile } from "../warehouse/sql-file.ts";
import { type Warehouse, WarehouseError } from "../warehouse/warehouse.ts";

/** Whether this pipeline, of several, is the one that runs the jobs. */
export interface Leadership {
  /** True while its term lasts. Takes a term that nobody has. Rejects when that cannot be found out; then nothing may run. */
  isHeld(): Promise<boolean>;
  /** Gives the term back, so that another one need not wait for its end. */
  close(): Promise<void>;
}

export interface LeadershipOptions {
  readonly warehouse: Warehouse;
  /** Different for each pipeline, and for each start of one. */
  readonly holder: string;
  /** Monotonic milliseconds. */
  monotonicMs(): number;
  readonly termMs?: number;
}

/** How long the jobs rest at most when the pipeline that ran them dies. */
export const TERM_MS = 10_000;
/** A term is renewed when that share of it is over. */
const RENEW_AT = 0.5;
/** A holder stops that much before another one may begin. */
const SAFETY = 0.8;

const NOBODY = { term: 0, holder: "", left_ms: 0 };
const lastTerm = z.object({ term: z.number().int(), holder: z.string(), left_ms: z.number() });

/**
 * One pipeline runs all jobs, because some remember what they saw at the time before. The warehouse says which one: jobs can do
 * nothing without it anyway, so this adds no part that can fail. An insert with the term's number as its deduplication token is a
 * compare-and-set: of two who claim a term, the second one's row is dropped. Clocks are compared on the warehouse only, and each
 * pipeline measures its own term from before it asked.
 */
export function openLeadership(options: LeadershipOptions): Leadership {
  const { warehouse, holder, monotonicMs, termMs = TERM_MS } = options;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let renewAtMs = Number.NEGATIVE_INFINITY;
  let held = 0;
  let asking: Promise<void> | null = null;

  const readLast = async () => {
    const sql = sqlFile(new URL("./queries/last-term.sql", import.meta.url));
    return (await warehouse.query({ sql, row: lastTerm }))[0] ?? NOBODY;
  };
  const claim = async (term: number, by: string): Promise<void> => {
    const row = { term, holder: by, lasts_ms: termMs };
    await warehouse.insert("pipeline_terms", [row], { deduplicationToken: `term-${term}` });
  };
  const ask = async (): Promise<void> => {
    const askedAtMs = monotonicMs();
    const last = await readLast();
    if (last.holder !== "" && last.holder !== holder && last.left_ms > 0) return;
    await claim(last.term + 1, holder);
    const now = await readLast();
    if (now.term !== last.term + 1 || now.holder !== holder) return;
    held = now.term;
    heldUntilMs = askedAtMs + termMs * SAFETY;
    renewAtMs = askedAtMs + termMs * RENEW_AT;
  };

  return {
    async isHeld() {
      if (monotonicMs() >= renewAtMs) {
        asking ??= ask().finally(() => {
          asking = null;
        });
        const asked = asking;
        if (monotonicMs() >= heldUntilMs) await asked;
        // A renewal that takes long or fails keeps nobody from working while the term lasts; after that it is waited for.
        else asked.catch(() => undefined);
      }
      return monotonicMs() < heldUntilMs;
    },
    async close() {
      try {
        await asking;
        if (monotonicMs() < heldUntilMs) await claim(held + 1, "");
      } catch (error) {
        // Without the warehouse the term ends by itself.
        if (!(error instanceof WarehouseError)) throw error;
      }
      heldUntilMs = Number.NEGATIVE_INFINITY;
      renewAtMs = Number.POSITIVE_INFINITY;
    },
  };
}
