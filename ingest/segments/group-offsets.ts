import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { EventLogError } from "../event-log.ts";
import { makeDirectory, missingAsNull } from "./layout.ts";
import { shareNextRun } from "./sharing.ts";

/**
 * How far a consumer group has come, for lag and retention only: where a consumer starts is said by its target.
 * So it may be behind by a moment, but must never be ahead or unreadable: one of two slots is written in turn, each with
 * a checksum, and the newest whole one counts.
 *
 *     slot: u32 bytes of JSON | u32 CRC32 of the rest | u48 sequence | JSON {"<partition>": <next offset>}
 */
export interface GroupOffsets {
  /** The next offset to be done. */
  next(partition: string): number | null;
  /** Written within a moment. */
  advance(partition: string, nextOffset: number): void;
  /** Forgets partitions that no longer exist. */
  keepOnly(partitions: readonly string[]): void;
  /** A failure is reported, not thrown: nothing is lost by it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface GroupOffsetsOptions {
  readonly directory: string;
  readonly group: string;
  readonly onError: (error: EventLogError) => void;
}

const OFFSETS_SUFFIX = ".offsets";
/** Room for about ten thousand partitions; the file is sparse. */
const SLOT_BYTES = 1 << 20;
const SLOT_HEADER_BYTES = 14;
const WRITE_DELAY_MS = 250;

const offsetsSchema = z.record(z.string(), z.int().nonnegative());

export async function openGroupOffsets(options: GroupOffsetsOptions): Promise<GroupOffsets> {
  await makeDirectory(options.directory);
  const path = offsetsPath(options.directory, options.group);
  // Neither truncated nor appended to, and made if it is not there.
  const handle = (await missingAsNull(open(path, "r+"))) ?? (await open(path, "w+"));
  const latest = newestSlot(await readSlots(handle));
  const offsets = new Map(Object.entries(latest?.offsets ?? {}));
  let sequence = latest?.sequence ?? 0;
  let changed = false;
  let timer: NodeJS.Timeout | null = null;

  const flush = shareNextRun(async () => {
    if (!changed) return;
    changed = false;
    sequence += 1;
    try {
      const slot = encodeSlot(sequence, Object.fromEntries(offsets));
      await handle.write(slot, 0, slot.length, (sequence % 2) * SLOT_BYTES);
    } catch (cause) {
      changed = true;
      options.onError(new EventLogError(`cannot write the offsets of ${options.group}`, { cause }));
    }
  });

  async function flushLater(): Promise<void> {
    timer = null;
    await flush();
  }

  function noteChange(): void {
    changed = true;
    timer ??= setTimeout(flushLater, WRITE_DELAY_MS);
  }

  return {
    next: (partition) => offsets.get(partition) ?? null,
    advance(partition, nextOffset) {
      if (offsets.get(partition) === nextOffset) return;
      offsets.set(partition, nextOffset);
      noteChange();
    },
    keepOnly(partitions) {
      const existing = new Set(partitions);
      for (const partition of offsets.keys())
        if (!existing.has(partition) && offsets.delete(partition)) noteChange();
    },
    flush,
    async close() {
      if (timer !== null) clearTimeout(timer);
      await flush();
      await handle.close();
    },
  };
}

/** The offsets of every group that a topic has. An unreadable file counts as a group that has consumed nothing. */
export async function readAllGroupOffsets(directory: string): Promise<ReadonlyMap<string, number>[]> {
  const names = (await missingAsNull(readdir(directory))) ?? [];
  const files = names.filter((name) => name.endsWith(OFFSETS_SUFFIX));
  return Promise.all(files.map((name) => readOffsetsFile(join(directory, name))));
}

/** Of one group; a group that has no file has consumed nothing. */
export async function readGroupOffsets(
  directory: string,
  group: string,
): Promise<ReadonlyMap<string, number>> {
  const path = offsetsPath(directory, group);
  return (await missingAsNull(readOffsetsFile(path))) ?? new Map();
}

function offsetsPath(directory: string, group: string): string {
  return join(directory, `${group}${OFFSETS_SUFFIX}`);
}

async function readOffsetsFile(path: string): Promise<ReadonlyMap<string, number>> {
  const handle = await open(path, "r");
  try {
    return new Map(Object.entries(newestSlot(await readSlots(handle))?.offsets ?? {}));
  } finally {
    await handle.close();
  }
}

interface Slot {
  readonly sequence: number;
  readonly offsets: Readonly<Record<string, number>>;
}

function newestSlot(slots: readonly (Slot | null)[]): Slot | null {
  return slots.reduce(
    (newest, slot) => ((slot?.sequence ?? -1) > (newest?.sequence ?? -1) ? slot : newest),
    null,
  );
}

async function readSlots(handle: FileHandle): Promise<(Slot | null)[]> {
  const slots: (Slot | null)[] = [];
  for (const position of [0, SLOT_BYTES]) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(SLOT_BYTES), 0, SLOT_BYTES, position);
    slots.push(decodeSlot(buffer.subarray(0, bytesRead)));
  }
  return slots;
}

function encodeSlot(sequence: number, offsets: Record<string, number>): Buffer {
  const json = Buffer.from(JSON.stringify(offsets));
  const slot = Buffer.alloc(SLOT_HEADER_BYTES + json.length);
  if (slot.length > SLOT_BYTES)
    throw new EventLogError(`offsets of ${slot.length} bytes, at most ${SLOT_BYTES}`);
  slot.writeUInt32BE(json.length, 0);
  slot.writeUIntBE(sequence, 8, 6);
  json.copy(slot, SLOT_HEADER_BYTES);
  slot.writeUInt32BE(crc32(slot.subarray(8)), 4);
  return slot;
}

function decodeSlot(bytes: Buffer): Slot | null {
  if (bytes.length < SLOT_HEADER_BYTES) return null;
  const end = SLOT_HEADER_BYTES + bytes.readUInt32BE(0);
  if (end > bytes.length || crc32(bytes.subarray(8, end)) !== bytes.readUInt32BE(4)) return null;
  const json: unknown = JSON.parse(bytes.toString("utf8", SLOT_HEADER_BYTES, end));
  return { sequence: bytes.readUIntBE(8, 6), offsets: offsetsSchema.parse(json) };
}
