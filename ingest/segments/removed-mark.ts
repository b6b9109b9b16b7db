import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PartitionExtent } from "../event-log.ts";
import { listPartition, makeDirectory, missingAsNull, syncDirectory } from "./layout.ts";
import { readFirstTimestampMs } from "./scan.ts";

/** Beside a topic's groups: nothing that retention has removed is younger than it says. Whole partitions go, and leave no other trace. */
const REMOVED_FILE = "removed-until";

/** To be written before anything is removed. */
export async function markRemoved(groupsDirectory: string, newestMs: number): Promise<void> {
  if (newestMs <= (await readMark(groupsDirectory))) return;
  const file = join(groupsDirectory, REMOVED_FILE);
  await makeDirectory(groupsDirectory);
  await writeFile(`${file}.tmp`, `${Math.ceil(newestMs)} end\n`, { mode: 0o600 });
  await rename(`${file}.tmp`, file);
  await syncDirectory(groupsDirectory);
}

/** Everything from this moment on is there; 0: nothing was removed. */
export async function readCompleteSinceMs(
  { topicDirectory, groupsDirectory }: { readonly topicDirectory: string; readonly groupsDirectory: string },
  extents: readonly PartitionExtent[],
): Promise<number> {
  const marked = await readMark(groupsDirectory);
  if (marked > 0) return marked + 1;
  // An earlier version left no mark. What is gone from the front of a partition is older than what is left of it.
  let sinceMs = 0;
  for (const { partition, start } of extents) {
    if (start === 0) continue;
    const directory = join(topicDirectory, partition);
    const base = (await listPartition(directory))?.bases[0];
    const firstMs = base === undefined ? null : await readFirstTimestampMs(directory, base);
    sinceMs = Math.max(sinceMs, firstMs ?? 0);
  }
  return sinceMs;
}

async function readMark(groupsDirectory: string): Promise<number> {
  const text = await missingAsNull(readFile(join(groupsDirectory, REMOVED_FILE), "utf8"));
  return Number(/^(\d+) end\n$/.exec(text ?? "")?.[1] ?? 0);
}
