import type { Warehouse } from "../../warehouse/warehouse.ts";
import { otherLine, requestLine } from "./encode.ts";
import type { LoadCounts, SimulationLoader } from "./loader.ts";

interface LoaderOptions {
  readonly warehouse: Warehouse;
  /** The partition of the log that the rows seem to come from. */
  readonly partition: string;
  /** Where the partition goes on. Default: at 0. */
  readonly start?: LoadCounts;
}

type Kind = keyof LoadCounts;

const TABLES: Readonly<Record<Kind, { readonly table: string; readonly topic: string }>> = {
  requests: { table: "request_events", topic: "requests" },
  users: { table: "user_events", topic: "users" },
  feedback: { table: "feedback_events", topic: "feedback" },
};
const KINDS: readonly Kind[] = ["requests", "users", "feedback"];
/** Large inserts make few parts; some tens of megabytes each. */
const BATCH_ROWS = 60_000;
const MAX_INSERTS_AT_ONCE = 2;

export const SIMULATED_PARTITION = "simulated-";
/** What the present is compared with is made anew every five minutes; after a load that is a long time. */
export const REFRESH_HISTORY = "SYSTEM REFRESH VIEW spend_quarter_hours";

/** Puts simulated events straight into the raw tables, in large batches while the next ones are made. */
export function openWarehouseLoader({ warehouse, partition, start }: LoaderOptions): SimulationLoader {
  const counts = { requests: 0, users: 0, feedback: 0, ...start };
  const buffers: Record<Kind, LineBuffer> = {
    requests: lineBuffer(),
    users: lineBuffer(),
    feedback: lineBuffer(),
  };
  const inserts = new Set<Promise<void>>();

  const flush = async (kind: Kind): Promise<void> => {
    if (buffers[kind].rows() === 0) return;
    while (inserts.size >= MAX_INSERTS_AT_ONCE) await Promise.race(inserts);
    const insert = warehouse.insertRaw(TABLES[kind].table, buffers[kind].take());
    const tracked = insert.finally(() => inserts.delete(tracked));
    inserts.add(tracked);
    // Its failure is met by whoever waits next.
    tracked.catch(() => undefined);
  };
  const push = (kind: Kind, line: string): void => {
    buffers[kind].push(line);
    counts[kind] += 1;
  };

  return {
    async take({ requests, users, feedback }) {
      for (const event of requests)
        push("requests", requestLine(event, { partition, offset: counts.requests }));
      for (const event of users) push("users", otherLine(event, { partition, offset: counts.users }));
      for (const event of feedback)
        push("feedback", otherLine(event, { partition, offset: counts.feedback }));
      for (const kind of KINDS) if (buffers[kind].rows() >= BATCH_ROWS) await flush(kind);
    },
    async finish() {
      for (const kind of KINDS) await flush(kind);
      await Promise.all(inserts);
      await warehouse.insert(
        "log_offsets",
        KINDS.map((kind) => ({
          topic: TABLES[kind].topic,
          partition,
          next_offset: counts[kind],
          inserted: counts[kind],
          dead: 0,
        })),
      );
      return { ...counts };
    },
  };
}

interface LineBuffer {
  push(line: string): void;
  rows(): number;
  /** Everything as NDJSON; the buffer is empty afterwards. */
  take(): Buffer;
}

/** A line is many pieces until it is written: bytes early keep the memory small. */
const LINES_A_CHUNK = 256;

function lineBuffer(): LineBuffer {
  let lines: string[] = [];
  let chunks: Buffer[] = [];
  let rows = 0;
  const compact = (): void => {
    if (lines.length > 0) chunks.push(Buffer.from(`${lines.join("\n")}\n`));
    lines = [];
  };
  return {
    push(line) {
      rows += 1;
      if (lines.push(line) >= LINES_A_CHUNK) compact();
    },
    rows: () => rows,
    take() {
      compact();
      const ndjson = Buffer.concat(chunks);
      chunks = [];
      rows = 0;
      return ndjson;
    },
  };
}
