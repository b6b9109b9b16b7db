/** An entry of the history of decisions. */
export interface ChainEntry {
  /** From 1, without a gap. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly ts: number;
  readonly decision_id: string;
  readonly stage: ChainStage;
  /** JSON. */
  readonly document: string;
  readonly previous_hash: string;
  readonly hash: string;
}

export const CHAIN_STAGES = ["decided", "approved", "rejected", "unissued", "verified"] as const;
export type ChainStage = (typeof CHAIN_STAGES)[number];
export type ChainHead = Pick<ChainEntry, "seq" | "hash">;
/** SHA-256, hexadecimal. */
export type Hash = (text: string) => string;

export const CHAIN_START: ChainHead = { seq: 0, hash: "0".repeat(64) };

export type NewEntry = Pick<ChainEntry, "ts" | "decision_id" | "stage" | "document">;

/** Links new entries to the last one; each one's hash covers the one before, and so all before. */
export function linkEntries(head: ChainHead, entries: readonly NewEntry[], hash: Hash): ChainEntry[] {
  let last = head;
  return entries.map((entry) => {
    const unsealed = { ...entry, seq: last.seq + 1, previous_hash: last.hash };
    const linked = { ...unsealed, hash: hash(sealedText(unsealed)) };
    last = linked;
    return linked;
  });
}

/** The place of the first entry that is not what was written; null = the history is whole. `head`: the entry before the first. */
export function findBreak(
  entries: readonly ChainEntry[],
  hash: Hash,
  head: ChainHead = CHAIN_START,
): number | null {
  let last = head;
  for (const entry of entries) {
    const isNext = entry.seq === last.seq + 1 && entry.previous_hash === last.hash;
    if (!isNext || hash(sealedText(entry)) !== entry.hash) return last.seq + 1;
    last = entry;
  }
  return null;
}

function sealedText({
  seq,
  ts,
  decision_id,
  stage,
  document,
  previous_hash,
}: Omit<ChainEntry, "hash">): string {
  return [seq, ts, decision_id, stage, document, previous_hash].join("\n");
}
