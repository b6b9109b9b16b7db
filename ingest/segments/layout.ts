import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Topic } from "../event-log.ts";

/**
 * Names on disk:
 *
 *     <directory>/<topic>/<writer>-<start id>/<base offset>.log    a partition and its segments
 *     <directory>/<topic>/<writer>-<start id>/closed               written when its writer has closed it: it will never grow
 *     <directory>/groups/<topic>/removed-until                     when the youngest entry was appended that retention has removed
 *     <directory>/groups/<topic>/<group>.offsets                   how far a consumer group has come
 */
export function topicDirectoryOf(directory: string, topic: Topic): string {
  return join(directory, topic);
}

export function groupsDirectoryOf(directory: string, topic: Topic): string {
  return join(directory, "groups", topic);
}

export function segmentPath(partitionDirectory: string, base: number): string {
  return join(partitionDirectory, `${String(base).padStart(OFFSET_DIGITS, "0")}${SEGMENT_SUFFIX}`);
}

/** Writers and groups name files. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name);
}

export interface PartitionFiles {
  /** Base offsets of the segments, ascending. */
  readonly bases: readonly number[];
  readonly closed: boolean;
}

/** `null` when the partition does not exist (any more). */
export async function listPartition(partitionDirectory: string): Promise<PartitionFiles | null> {
  const names = await missingAsNull(readdir(partitionDirectory));
  if (names === null) return null;
  const bases = names.map(baseOf).filter((base) => base !== null);
  return { bases: bases.sort((a, b) => a - b), closed: names.includes(CLOSED_FILE) };
}

/** Partition names in the order in which they were started, so that what one writer wrote is read in its order. */
export async function listPartitions(topicDirectory: string): Promise<string[]> {
  const names = (await missingAsNull(readdir(topicDirectory))) ?? [];
  return names.filter((name) => PARTITION_NAME.test(name)).sort(byStart);
}

/** A new name that sorts behind all of the writer's earlier ones, even if the clock was set back meanwhile. */
export async function newPartitionName(
  topicDirectory: string,
  writer: string,
  nowMs: number,
): Promise<string> {
  const earlier = (await listPartitions(topicDirectory)).filter((name) => writerOf(name) === writer);
  const latestMs = Math.max(0, ...earlier.slice(-1).map(startedMsOf));
  const startedMs = Math.max(Math.floor(nowMs), latestMs + 1);
  const start = startedMs.toString(36).padStart(START_TIME_DIGITS, "0") + randomBytes(4).toString("hex");
  return `${writer}-${start}`;
}

/** Where a partition ends now: its last segment and that file's size. */
export interface PartitionEnd {
  readonly base: number;
  readonly bytes: number;
  /** It will stay the end. */
  readonly closed: boolean;
}

export async function measureEnd(partitionDirectory: string): Promise<PartitionEnd | null> {
  const files = await listPartition(partitionDirectory);
  const base = files?.bases.at(-1);
  if (files === null || base === undefined) return null;
  const file = await missingAsNull(stat(segmentPath(partitionDirectory, base)));
  return file === null ? null : { base, bytes: file.size, closed: files.closed };
}

export interface ClosedPartition {
  readonly end: number;
  readonly lastTimestampMs: number;
}

/** Only a saving for readers: without the mark, or with a damaged one, they read the last segment instead. */
export async function markClosed(partitionDirectory: string, closed: ClosedPartition): Promise<void> {
  await writeFile(join(partitionDirectory, CLOSED_FILE), `${closed.end} ${closed.lastTimestampMs} end\n`);
}

export async function readClosedMark(partitionDirectory: string): Promise<ClosedPartition | null> {
  const text = await missingAsNull(readFile(join(partitionDirectory, CLOSED_FILE), "utf8"));
  const [, end, lastTimestampMs] = /^(\d+) (\d+) end\n$/.exec(text ?? "") ?? [];
  return end && lastTimestampMs ? { end: Number(end), lastTimestampMs: Number(lastTimestampMs) } : null;
}

/** A writer that came back meanwhile keeps its directory. */
export async function removePartitionIfEmpty(partitionDirectory: string): Promise<void> {
  const files = await listPartition(partitionDirectory);
  if (files === null || files.bases.length > 0) return;
  await rm(join(partitionDirectory, CLOSED_FILE), { force: true });
  await missingAsNull(rmdir(partitionDirectory), "ENOTEMPTY");
}

/** A file's name is durable only when its directory is. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the directories that are missing, durably. */
export async function makeDirectory(directory: string): Promise<void> {
  const firstMade = await mkdir(directory, { recursive: true });
  if (firstMade === undefined) return;
  for (let made = resolve(directory); made.length >= resolve(firstMade).length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

export async function missingAsNull<T>(
  work: Promise<T>,
  ...otherCodes: readonly string[]
): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || otherCodes.includes(code)) return null;
    throw error;
  }
}

export const CLOSED_FILE = "closed";
const SEGMENT_SUFFIX = ".log";
const OFFSET_DIGITS = 16;
const START_TIME_DIGITS = 9;
const PARTITION_NAME = /^.+-[0-9a-z]{9}[0-9a-f]{8}$/;

function baseOf(fileName: string): number | null {
  const [, digits] = /^(\d{16})\.log$/.exec(fileName) ?? [];
  return digits === undefined ? null : Number(digits);
}

function writerOf(partition: string): string {
  return partition.slice(0, partition.lastIndexOf("-"));
}

function startOf(partition: string): string {
  return partition.slice(partition.lastIndexOf("-") + 1);
}

function startedMsOf(partition: string): number {
  return Number.parseInt(startOf(partition).slice(0, START_TIME_DIGITS), 36);
}

function byStart(left: string, right: string): number {
  const [a, b] = [startOf(left), startOf(right)];
  if (a === b) return left < right ? -1 : 1;
  return a < b ? -1 : 1;
}
