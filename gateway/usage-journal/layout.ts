import { open, readdir, rm } from "node:fs/promises";
import path from "node:path";

const DIGITS = 12;
const SEGMENT = /^(\d{12})\.journal$/;
const SNAPSHOT = /^(\d{12})\.snapshot$/;
const UNFINISHED = /\.tmp$/;

export interface JournalLayout {
  /** Ascending. */
  readonly segments: readonly number[];
  /** The newest one; it holds everything from segments with lower numbers. null = none yet. */
  readonly snapshot: number | null;
}

export function segmentFile(directory: string, number: number): string {
  return path.join(directory, `${String(number).padStart(DIGITS, "0")}.journal`);
}

export function snapshotFile(directory: string, number: number): string {
  return path.join(directory, `${String(number).padStart(DIGITS, "0")}.snapshot`);
}

export async function readLayout(directory: string): Promise<JournalLayout> {
  const names = await readdir(directory);
  return { segments: numbersOf(names, SEGMENT), snapshot: numbersOf(names, SNAPSHOT).at(-1) ?? null };
}

/** Deletes what the newest snapshot holds, and snapshots that were never finished. */
export async function deleteSuperseded(directory: string): Promise<void> {
  const { segments, snapshot } = await readLayout(directory);
  const names = await readdir(directory);
  const old = [
    ...segments.filter((number) => number < (snapshot ?? 0)).map((number) => segmentFile(directory, number)),
    ...numbersOf(names, SNAPSHOT)
      .slice(0, -1)
      .map((number) => snapshotFile(directory, number)),
    ...names.filter((name) => UNFINISHED.test(name)).map((name) => path.join(directory, name)),
  ];
  for (const file of old) await rm(file, { force: true });
}

/** Names of new and renamed files are on the disk when it resolves. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function numbersOf(names: readonly string[], pattern: RegExp): number[] {
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
