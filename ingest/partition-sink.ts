import { z } from "zod";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { TOPIC_CODECS } from "./codec.ts";
import { deadLetterRecord, type Refusal } from "./dead-letter.ts";
import { decodeRecord } from "./decode-record.ts";
import type { LogEntry, RecordLog, Topic } from "./event-log.ts";
import { insertIsolatingBadRows } from "./insert-isolating-bad-rows.ts";
import { type Row, toNdjson } from "./ndjson.ts";

export interface PartitionSinkDeps {
  readonly log: RecordLog;
  readonly warehouse: Warehouse;
  readonly topic: Topic;
  readonly partition: string;
  readonly now: () => number;
}

/** What became of a batch. */
export interface Delivery {
  readonly inserted: number;
  /** Entries that had come in before and were not inserted again. */
  readonly skipped: number;
  readonly refused: readonly Refusal[];
}

/** One partition's way into its table: each record once, whatever fails in between. */
export interface PartitionSink {
  /** Reads what the warehouse knows and answers the offset to read from. Called first. */
  resume(): Promise<number>;
  /** Rejects when nothing can be decided now; the same entries may then be delivered again, in other batches, too. */
  deliver(entries: readonly LogEntry[]): Promise<Delivery>;
}

const recordedRow = z.object({
  next_offset: z.number().int(),
  inserted: z.number().int(),
  dead: z.number().int(),
});

interface Progress {
  /** Everything before it is done and written down. */
  readonly nextOffset: number;
  readonly inserted: number;
  readonly dead: number;
}

/** Offsets, both included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Rows first, then the offset: a crash in between leaves rows that nobody wrote down. So before the first batch after
 * a start or a failure, the table is asked which offsets at or above the recorded one it has, and those are left out.
 * An insert whose answer was lost may still be running then; the batch is cut where that insert ended, so that it
 * carries the same deduplication token, and the server takes one of the two.
 */
export function partitionSink(deps: PartitionSinkDeps): PartitionSink {
  let progress: Progress = { nextOffset: 0, inserted: 0, dead: 0 };
  /** The highest offset in the table above the recorded one, -1 = none; null = must be asked. */
  let presentUpTo: number | null = null;
  /** Last offset of the batch that failed. */
  let cutAfter = -1;
  const table = TOPIC_CODECS[deps.topic]?.table ?? null;

  async function deliverPart(entries: readonly LogEntry[], range: Range): Promise<Delivery> {
    const { inserted, skipped, refused } =
      table === null
        ? { inserted: 0, skipped: 0, refused: findPoison(entries) }
        : await fill(table, entries, range);
    await keepRefused(deps, refused);
    const reached: Progress = {
      nextOffset: range.last + 1,
      inserted: progress.inserted + inserted + skipped,
      dead: progress.dead + refused.length,
    };
    await record(deps, reached);
    progress = reached;
    return { inserted, skipped, refused };
  }

  async function fill(table: string, entries: readonly LogEntry[], range: Range): Promise<Delivery> {
    presentUpTo ??= await readHighest(deps, table, progress.nextOffset);
    const fresh =
      range.first > presentUpTo ? entries : await withoutPresent(deps, entries, { table, ...range });
    const { inserted, refused } = await insertFresh(deps, table, fresh);
    return { inserted, skipped: entries.length - fresh.length, refused };
  }

  function findPoison(entries: readonly LogEntry[]): Refusal[] {
    return entries.flatMap((entry) => {
      const row = toRow(deps.topic, entry);
      return "json" in row ? [] : [row];
    });
  }

  return {
    async resume() {
      progress = await readProgress(deps);
      presentUpTo = null;
      cutAfter = -1;
      return progress.nextOffset;
    },
    async deliver(entries) {
      const todo = entries.filter(({ offset }) => offset >= progress.nextOffset);
      const parts = [
        todo.filter((entry) => entry.offset <= cutAfter),
        todo.filter((e) => e.offset > cutAfter),
      ];
      const deliveries: Delivery[] = [];
      for (const part of parts) {
        const [first, last] = [part.at(0)?.offset, part.at(-1)?.offset];
        if (first === undefined || last === undefined) continue;
        try {
          deliveries.push(await deliverPart(part, { first, last }));
        } catch (error) {
          presentUpTo = null;
          cutAfter = last;
          throw error;
        }
      }
      return total(deliveries);
    },
  };
}

async function insertFresh(deps: PartitionSinkDeps, table: string, entries: readonly LogEntry[]) {
  const poison: Refusal[] = [];
  const rows: Row[] = [];
  for (const entry of entries) {
    const row = toRow(deps.topic, entry);
    if ("json" in row) rows.push(row);
    else poison.push(row);
  }
  if (rows.length === 0) return { inserted: 0, refused: poison };
  const { inserted, refused } = await insertIsolatingBadRows(rows, {
    insert: (part) => insertRows(deps, table, part),
    probe: () => probeTable(deps.warehouse, table),
  });
  return { inserted, refused: [...poison, ...refused] };
}

function toRow<T extends Topic>(topic: T, entry: LogEntry): Row | Refusal {
  const decoded = decodeRecord(topic, entry.value);
  if (decoded.kind === "poison") return { entry, reason: decoded.reason, isPoison: true };
  return { entry, json: TOPIC_CODECS[topic]?.toRow?.(decoded.event, entry.value) ?? entry.value };
}

async function insertRows(
  { warehouse, topic, partition }: PartitionSinkDeps,
  table: string,
  rows: readonly Row[],
) {
  const [first, last] = [rows.at(0)?.entry.offset, rows.at(-1)?.entry.offset];
  // The count tells a batch from what is left of it after some of its rows were found present.
  const deduplicationToken = `${topic}:${partition}:${first}-${last}:${rows.length}`;
  await warehouse.insertRaw(table, toNdjson(rows, partition), { deduplicationToken });
}

async function probeTable(warehouse: Warehouse, table: string): Promise<void> {
  await warehouse.command(sqlFile(new URL("./queries/probe_table.sql", import.meta.url)), { table });
}

async function keepRefused({ log, topic, partition, now }: PartitionSinkDeps, refused: readonly Refusal[]) {
  // A letter about a letter that the table refuses would be refused in turn, for ever. The log still has it.
  const told = topic === "dead-letters" ? refused.filter(({ isPoison }) => isPoison) : refused;
  if (told.length === 0) return;
  const source = { topic, partition, nowMs: now() };
  await log.append(
    "dead-letters",
    told.map((refusal) => deadLetterRecord(refusal, source)),
  );
}

async function readProgress({ warehouse, topic, partition }: PartitionSinkDeps): Promise<Progress> {
  const [recorded] = await warehouse.query({
    sql: sqlFile(new URL("./queries/recorded_offset.sql", import.meta.url)),
    params: { topic, partition },
    row: recordedRow,
  });
  if (recorded === undefined) return { nextOffset: 0, inserted: 0, dead: 0 };
  return { nextOffset: recorded.next_offset, inserted: recorded.inserted, dead: recorded.dead };
}

async function readHighest({ warehouse, partition }: PartitionSinkDeps, table: string, nextOffset: number) {
  const [row] = await warehouse.query({
    sql: sqlFile(new URL("./queries/highest_offset.sql", import.meta.url)),
    params: { table, partition, nextOffset },
    row: z.object({ highest: z.number().int() }),
  });
  return row?.highest ?? -1;
}

async function withoutPresent(
  { warehouse, partition }: PartitionSinkDeps,
  entries: readonly LogEntry[],
  range: Range & { readonly table: string },
) {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("./queries/present_offsets.sql", import.meta.url)),
    params: { partition, ...range },
    row: z.object({ log_offset: z.number().int() }),
  });
  const present = new Set(rows.map(({ log_offset }) => log_offset));
  return entries.filter(({ offset }) => !present.has(offset));
}

async function record({ warehouse, topic, partition }: PartitionSinkDeps, reached: Progress): Promise<void> {
  const { nextOffset, inserted, dead } = reached;
  await warehouse.insert("log_offsets", [{ topic, partition, next_offset: nextOffset, inserted, dead }]);
}

function total(deliveries: readonly Delivery[]): Delivery {
  return {
    inserted: deliveries.reduce((sum, { inserted }) => sum + inserted, 0),
    skipped: deliveries.reduce((sum, { skipped }) => sum + skipped, 0),
    refused: deliveries.flatMap(({ refused }) => refused),
  };
}
