import { z } from "zod";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { faultOf, type TopicCodec } from "./codec.ts";
import { deadLetterRecord, type Refusal } from "./dead-letter.ts";
import type { EventLog, LogEntry, Topic } from "./event-log.ts";
import { isOneObject, type Row, toNdjson } from "./ndjson.ts";
import { sift } from "./sieve.ts";

export interface PartitionSinkDeps {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly codec: TopicCodec;
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

  async function deliverPart(entries: readonly LogEntry[], { first, last }: Range): Promise<Delivery> {
    presentUpTo ??= await readHighest(deps, progress.nextOffset);
    const fresh = first > presentUpTo ? entries : await withoutPresent(deps, entries, { first, last });
    const { inserted, refused } = await insertFresh(deps, fresh);
    await keepRefused(deps, refused);
    const skipped = entries.length - fresh.length;
    const reached: Progress = {
      nextOffset: last + 1,
      inserted: progress.inserted + inserted + skipped,
      dead: progress.dead + refused.length,
    };
    await record(deps, reached);
    progress = reached;
    return { inserted, skipped, refused };
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

async function insertFresh(deps: PartitionSinkDeps, entries: readonly LogEntry[]) {
  const refused: Refusal[] = [];
  const rows: Row[] = [];
  for (const entry of entries) {
    const row = toRow(deps.codec, entry);
    if ("json" in row) rows.push(row);
    else refused.push(row);
  }
  if (rows.length === 0) return { inserted: 0, refused };
  const sifted = await sift(rows, {
    insert: (part) => insertRows(deps, part),
    faultOf: ({ entry }) => faultOf(entry.value, deps.codec.schema),
  });
  return { inserted: sifted.inserted, refused: [...refused, ...sifted.refused] };
}

function toRow({ schema, toRow: convert }: TopicCodec, entry: LogEntry): Row | Refusal {
  if (!isOneObject(entry.value)) return { entry, reason: "not one JSON object on one line" };
  if (convert === undefined) return { entry, json: entry.value };
  const fault = faultOf(entry.value, schema);
  return fault === null ? { entry, json: convert(entry.value) } : { entry, reason: fault };
}

async function insertRows({ warehouse, codec, topic, partition }: PartitionSinkDeps, rows: readonly Row[]) {
  const [first, last] = [rows.at(0)?.entry.offset, rows.at(-1)?.entry.offset];
  // The count tells a batch from what is left of it after some of its rows were found present.
  const deduplicationToken = `${topic}:${partition}:${first}-${last}:${rows.length}`;
  await warehouse.insertRaw(codec.table, toNdjson(rows, partition), { deduplicationToken });
}

async function keepRefused({ log, topic, partition, now }: PartitionSinkDeps, refused: readonly Refusal[]) {
  // A dead letter about a dead letter could be refused in turn, for ever. The log still has it.
  if (refused.length === 0 || topic === "dead-letters") return;
  const source = { topic, partition, nowMs: now() };
  await log.append(
    "dead-letters",
    refused.map((refusal) => deadLetterRecord(refusal, source)),
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

async function readHighest({ warehouse, codec, partition }: PartitionSinkDeps, nextOffset: number) {
  const [row] = await warehouse.query({
    sql: sqlFile(new URL("./queries/highest_offset.sql", import.meta.url)),
    params: { table: codec.table, partition, nextOffset },
    row: z.object({ highest: z.number().int() }),
  });
  return row?.highest ?? -1;
}

async function withoutPresent(deps: PartitionSinkDeps, entries: readonly LogEntry[], range: Range) {
  const { warehouse, codec, partition } = deps;
  const rows = await warehouse.query({
    sql: sqlFile(new URL("./queries/present_offsets.sql", import.meta.url)),
    params: { table: codec.table, partition, ...range },
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
