import { createHash } from "node:crypto";
import { z } from "zod";
import {
  CHAIN_STAGES,
  CHAIN_START,
  type ChainEntry,
  type ChainHead,
  findBreak,
  linkEntries,
  type NewEntry,
} from "../models/rules/decision-chain.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

const PAGE = 10_000;

const chainRow = z.object({
  seq: z.number().int(),
  ts: z.number(),
  decision_id: z.string(),
  stage: z.enum(CHAIN_STAGES),
  document: z.string(),
  previous_hash: z.string(),
  hash: z.string(),
});

/** Others may append at the same time; each attempt is one more look at the end. */
const MAX_ATTEMPTS = 10;

/**
 * Writes what became of decisions, linked to all that was written before. What comes after one entry is inserted under that entry's
 * token, so that of several writers the warehouse takes one; the others see it and link to what that one wrote.
 */
export async function appendToChain(warehouse: Warehouse, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const [last] = await warehouse.query({
      sql: sqlFile(new URL("./queries/decision-chain-head.sql", import.meta.url)),
      row: chainRow.pick({ seq: true, hash: true }),
    });
    const head = last ?? CHAIN_START;
    const linked = linkEntries(head, entries, sha256);
    await warehouse.insert("decision_chain", linked, { deduplicationToken: `after-${head.hash}` });
    const [written] = await readAfter(warehouse, head, 1);
    if (written?.hash === linked[0]?.hash) return;
  }
  throw new Error(`the history of decisions was written to by others ${MAX_ATTEMPTS} times in a row`);
}

export interface ChainReport {
  readonly entries: number;
  /** The first entry that is not what was written; null = the history is whole. */
  readonly brokenAt: number | null;
  /** Of the last entry: noted elsewhere, it also shows that nothing was cut off. */
  readonly hash: string;
}

/** Reads the whole history, page by page, and checks every link. */
export async function checkChain(warehouse: Warehouse): Promise<ChainReport> {
  let head: ChainHead = CHAIN_START;
  for (;;) {
    const page = await readAfter(warehouse, head, PAGE);
    const brokenAt = findBreak(page, sha256, head);
    if (brokenAt !== null) return { entries: head.seq + page.length, brokenAt, hash: head.hash };
    head = page.at(-1) ?? head;
    if (page.length < PAGE) return { entries: head.seq, brokenAt: null, hash: head.hash };
  }
}

function readAfter(warehouse: Warehouse, { seq }: ChainHead, limit: number): Promise<ChainEntry[]> {
  return warehouse.query({
    sql: sqlFile(new URL("./queries/decision-chain.sql", import.meta.url)),
    params: { after: seq, limit },
    row: chainRow,
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
