import { createHash } from "node:crypto";
import { z } from "zod";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Job } from "../job.ts";

const MOST_AT_ONCE = 500;
/** So long an erasure is looked after, for rows that come late; then the last row with the user's id goes, too. */
const LATE_ROWS_MS = 24 * 3_600_000;

/** So long a gateway may take to learn of an erasure, with the difference of clocks. */
const LEARNED_AFTER_MS = 60_000;

const pendingErasure = z.object({
  user_id: z.string(),
  pseudonym: z.string(),
  erased_at: z.number().int(),
  ends_at: z.number().int(),
});
type PendingErasure = z.infer<typeof pendingErasure>;

const count = z.number().int();
const rowsLeft = z.object({
  requests: count,
  ratings: count,
  dead_letters: count,
  actions: count,
  running: count,
});

/**
 * Puts pseudonyms in the place of users who were erased, so that sums stay and nobody can be found. What it did not finish (a change
 * that runs, a crash in the middle) it finds again the next time: what is due is what the tables still hold.
 */
export const eraseUsers: Job = async ({ warehouse }, dueAtMs) => {
  const pending = await warehouse.query({
    sql: textOf("pending"),
    params: { most: MOST_AT_ONCE, now: dueAtMs, late: LATE_ROWS_MS, learned_after: LEARNED_AFTER_MS },
    row: pendingErasure,
  });
  if (pending.length === 0) return { summary: "nobody is to be erased", notable: false, details: {} };
  const changed = await renameRows(warehouse, pending);
  const over = pending.filter(({ erased_at: erasedAtMs }) => dueAtMs - erasedAtMs >= LATE_ROWS_MS);
  if (changed === 0 && over.length > 0) await renameUserEvents(warehouse, over);
  return {
    summary: `${pending.length} users, ${changed} rows; ${over.length} are over`,
    notable: changed > 0 || over.length > 0,
    details: { users: pending.length, rows: changed, over: over.length },
  };
};

/** Returns how many rows it found. A change that takes longer than a call may goes on in the warehouse; only one runs at a time. */
async function renameRows(warehouse: Warehouse, pending: readonly PendingErasure[]): Promise<number> {
  const params = paramsOf(pending);
  const [left] = await warehouse.query({ sql: textOf("left"), params, row: rowsLeft });
  if (left === undefined) throw new Error("the warehouse did not count");
  const found = left.requests + left.ratings + left.dead_letters + left.actions;
  if (left.running > 0) return found;
  if (left.requests > 0) {
    await warehouse.command(textOf("rename_requests"), params);
    await warehouse.command(textOf("mark_days"), params);
  }
  if (left.ratings > 0) await warehouse.command(textOf("rename_ratings"), params);
  if (left.dead_letters > 0) await warehouse.command(textOf("blank_dead_letters"), params);
  if (left.actions > 0) await warehouse.command(textOf("rename_actions"), params);
  return found;
}

/** The last trace of who had which pseudonym. */
async function renameUserEvents(warehouse: Warehouse, over: readonly PendingErasure[]): Promise<void> {
  const params = paramsOf(over);
  await warehouse.command(textOf("mark_days"), params);
  await warehouse.command(textOf("copy_user_events"), params);
  await warehouse.command(textOf("delete_user_events"), params);
}

function paramsOf(pending: readonly PendingErasure[]) {
  return {
    users: pending.map(({ user_id }) => user_id),
    hashes: pending.map(({ user_id }) => createHash("sha256").update(user_id).digest("hex").toUpperCase()),
    pseudonyms: pending.map(({ pseudonym }) => pseudonym),
    erased_at: pending.map(({ erased_at }) => erased_at),
    ends_at: pending.map(({ ends_at }) => ends_at),
  };
}

function textOf(name: string): string {
  return sqlFile(new URL(`../queries/erasure/${name}.sql`, import.meta.url));
}
