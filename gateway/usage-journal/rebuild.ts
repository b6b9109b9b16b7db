import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { CounterGap } from "../usage-store.ts";
import { syncDirectory } from "./layout.ts";
import type { RecordedCounters } from "./recorded-counters.ts";
import type { Recovered } from "./recovery.ts";
import { Snapshot } from "./snapshot.ts";

const GAP_FILE = "gap.json";

const end = z.number().optional();
export const counterGap = z.object({
  completeSinceMs: z.number(),
  endsAtMs: z.object({ day: end, week: end, month: end }),
});

/**
 * Where the directory holds no journal and the log holds requests, the journal was lost: the ledger is made anew from the log and
 * written down before anything is reserved. Answers what the log did not have, of this rebuild or of an earlier one.
 */
export async function rebuildLedger(options: {
  readonly directory: string;
  readonly recovered: Recovered;
  readonly recorded?: RecordedCounters;
  now(): number;
}): Promise<CounterGap | null> {
  const { directory, recovered, recorded } = options;
  if (!recovered.isNew || recorded === undefined || (await recorded.isEmpty())) return readGap(directory);
  const { counters, gap } = await recorded.read(new Set());
  for (const { used, ...counter } of counters) recovered.ledger.open(counter).used = used;
  // Before the counters: those without their gap would pass for whole ones.
  await writeGap(directory, gap);
  const snapshot = new Snapshot(recovered.ledger);
  await snapshot.write({ directory, segment: recovered.nextSegment, nowMs: options.now() });
  return gap;
}

async function readGap(directory: string): Promise<CounterGap | null> {
  try {
    const text = await readFile(path.join(directory, GAP_FILE), "utf8");
    return counterGap.nullable().parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function writeGap(directory: string, gap: CounterGap | null): Promise<void> {
  const file = path.join(directory, GAP_FILE);
  await writeFile(`${file}.tmp`, JSON.stringify(gap), { mode: 0o600, flush: true });
  await rename(`${file}.tmp`, file);
  await syncDirectory(directory);
}
