import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LoadCounts } from "../simulate/loader.ts";

const demoState = z.object({
  seed: z.number().int(),
  users: z.number().int(),
  days: z.number().int(),
  startDay: z.iso.date(),
  /** Everything before it is in the warehouse. */
  doneUntilMs: z.number().int(),
  counts: z.object({ requests: z.number(), users: z.number(), feedback: z.number() }),
});
/** Which world the demo shows, and how much of it has happened. */
export type DemoState = z.infer<typeof demoState>;

export const NOTHING: LoadCounts = { requests: 0, users: 0, feedback: 0 };

/** Null: there is no demo in this data directory yet. */
export async function readDemoState(dataDir: string): Promise<DemoState | null> {
  try {
    return demoState.parse(JSON.parse(await readFile(fileOf(dataDir), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Written aside and then renamed: a file that exists is complete. */
export async function writeDemoState(dataDir: string, state: DemoState): Promise<void> {
  const draft = `${fileOf(dataDir)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(state)}\n`);
  await rename(draft, fileOf(dataDir));
}

function fileOf(dataDir: string): string {
  return join(dataDir, "demo.json");
}
