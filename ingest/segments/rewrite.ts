import { open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LogRecord } from "../event-log.ts";
import { decodeFrame, encodeFrames } from "./frame.ts";
import { missingAsNull, syncDirectory } from "./layout.ts";

const DRAFT_SUFFIX = ".log.draft";

export interface RewriteOptions {
  /** Of a segment to which nothing is appended any more. */
  readonly path: string;
  /** Whether anything of a whole segment may have to change: the cheap question first. */
  concerns(bytes: Buffer): boolean;
  /** The record that takes the place of this one; null: it stays. */
  change(record: LogRecord): LogRecord | null;
}

/**
 * Puts other records in the place of some, at the same offsets and with the same timestamps, and returns how many. The new file takes
 * the old one's name in one step: who reads the old one reads on in it, and after a crash one of the two is there.
 */
export async function rewriteSegment({ path, concerns, change }: RewriteOptions): Promise<number> {
  const bytes = await missingAsNull(readFile(path));
  if (bytes === null || !concerns(bytes)) return 0;
  const parts: Buffer[] = [];
  let changed = 0;
  let position = 0;
  for (let frame = decodeFrame(bytes, 0); frame.kind === "whole"; frame = decodeFrame(bytes, position)) {
    const record = change({ key: frame.key, value: frame.value });
    if (record !== null) changed += 1;
    parts.push(
      record === null ? bytes.subarray(position, frame.end) : encodeFrames([record], frame.timestampMs),
    );
    position = frame.end;
  }
  // What is torn or damaged stays as it is.
  if (changed > 0) await replaceFile(path, [...parts, bytes.subarray(position)]);
  return changed;
}

/** Retention reads a segment's age from its time of change: that stays, too. */
async function replaceFile(path: string, parts: readonly Buffer[]): Promise<void> {
  const { atime, mtime } = await stat(path);
  const draft = path.replace(/\.log$/, DRAFT_SUFFIX);
  const file = await open(draft, "w");
  try {
    await file.writeFile(Buffer.concat(parts));
    await file.sync();
  } finally {
    await file.close();
  }
  await utimes(draft, atime, mtime);
  await rename(draft, path);
  await syncDirectory(dirname(path));
}

/** What a crash left of a file that was being written. */
export async function removeDrafts(partitionDirectory: string): Promise<void> {
  for (const name of (await missingAsNull(readdir(partitionDirectory))) ?? [])
    if (name.endsWith(DRAFT_SUFFIX)) await rm(join(partitionDirectory, name), { force: true });
}
