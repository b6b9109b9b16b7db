import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { decodeAnswers, encodeAnswer } from "./answer-frame.ts";
import type { CachedAnswer } from "./cached-answer.ts";

/**
 * Keeps answers across a restart: segment files, the frame of each answer appended when it is made. Nothing waits for it and nothing depends on
 * it: what a crash tears off is made again. Bounded: the oldest file goes when all together are too long, or its answers too old.
 */
export interface AnswerFiles {
  /** From the oldest to the newest; a key may come more than once. To be called once, before the first `append`. */
  load(): AsyncGenerator<CachedAnswer>;
  append(frame: Buffer): void;
  /** Writes every file anew without the answers that are not to be kept. */
  keepOnly(isKept: (answer: CachedAnswer) => boolean): void;
  /** Deletes files in which nothing was written since: no answer of theirs is given any more. */
  forgetBefore(sinceMs: number): void;
  close(): Promise<void>;
}

export interface AnswerFilesOptions {
  /** Of this process alone. */
  readonly directory: string;
  readonly maxBytes: number;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

const NAME = /^answers-(\d{10})\.bin$/;
const DIGITS = 10;
/** Files are that part of the whole, so that little goes at a time. */
const SEGMENTS = 8;
/** Of each start one; so many can be kept, however short they are. */
const MAX_FILES = 64;
/** So that a file of a gateway with little to do does not keep what nobody may be given any more. All files span 32 days. */
const MAX_SEGMENT_AGE_MS = 12 * 3_600_000;
const MAX_UNWRITTEN_BYTES = 16 << 20;
/** One write for what is made in that time. */
const GATHER_MS = 50;
/** Answers are content: nobody else on the machine may read them. */
const OWNER_ONLY = 0o600;

interface Segment {
  readonly number: number;
  bytes: number;
}

interface OpenSegment {
  readonly segment: Segment;
  readonly file: FileHandle;
  readonly openedMs: number;
}

export async function openAnswerFiles(options: AnswerFilesOptions): Promise<AnswerFiles> {
  const { directory, maxBytes, now, onError } = options;
  await mkdir(directory, { recursive: true });
  const segments = await readSegments(directory);
  const fileOf = (number: number): string =>
    join(directory, `answers-${String(number).padStart(DIGITS, "0")}.bin`);
  let current: OpenSegment | null = null;
  let unwritten: Buffer[] = [];
  let unwrittenBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let gathering: NodeJS.Timeout | null = null;
  let closed = false;

  const dropOldest = async (): Promise<void> => {
    const total = (): number => segments.reduce((sum, { bytes }) => sum + bytes, 0);
    while (segments.length > 1 && (total() > maxBytes || segments.length > MAX_FILES)) {
      const oldest = segments.shift();
      if (oldest !== undefined) await rm(fileOf(oldest.number), { force: true });
    }
  };
  const openSegment = async (): Promise<OpenSegment> => {
    const segment = { number: (segments.at(-1)?.number ?? 0) + 1, bytes: 0 };
    const file = await open(fileOf(segment.number), "a", OWNER_ONLY);
    segments.push(segment);
    return { segment, file, openedMs: now() };
  };
  const closeCurrent = async (): Promise<void> => {
    const closing = current;
    current = null;
    await closing?.file.close();
  };
  const flush = async (): Promise<void> => {
    const frames = unwritten;
    unwritten = [];
    unwrittenBytes = 0;
    if (frames.length === 0) return;
    if (current !== null && current.segment.bytes > maxBytes / SEGMENTS) await closeCurrent();
    current ??= await openSegment();
    const bytes = Buffer.concat(frames);
    await current.file.appendFile(bytes);
    current.segment.bytes += bytes.length;
    await dropOldest();
  };

  const writeGathered = (): void => {
    if (gathering !== null) clearTimeout(gathering);
    gathering = null;
    writing = writing.then(flush).catch(onError);
  };
  const dropBefore = async (sinceMs: number): Promise<void> => {
    if (current !== null && now() - current.openedMs >= MAX_SEGMENT_AGE_MS) await closeCurrent();
    for (const segment of [...segments]) {
      if (segment === current?.segment) return;
      if ((await stat(fileOf(segment.number))).mtimeMs >= sinceMs) return;
      segments.shift();
      await rm(fileOf(segment.number), { force: true });
    }
  };

  /** What waits to be written may be of them, too. The time of a file stays: it says how old its youngest answer is. */
  const rewrite = async (isKept: (answer: CachedAnswer) => boolean): Promise<void> => {
    await flush();
    await closeCurrent();
    for (const segment of segments) {
      const path = fileOf(segment.number);
      const answers = [...decodeAnswers(await readFile(path))];
      const kept = answers.filter(isKept);
      if (kept.length === answers.length) continue;
      const bytes = Buffer.concat(kept.map(encodeAnswer));
      const { atime, mtime } = await stat(path);
      await writeFile(`${path}.tmp`, bytes, { mode: OWNER_ONLY });
      await utimes(`${path}.tmp`, atime, mtime);
      await rename(`${path}.tmp`, path);
      segment.bytes = bytes.length;
    }
  };

  return {
    async *load() {
      for (const { number } of [...segments]) yield* decodeAnswers(await readFile(fileOf(number)));
    },
    append(frame) {
      if (closed || unwrittenBytes > MAX_UNWRITTEN_BYTES) return;
      unwritten.push(frame);
      unwrittenBytes += frame.length;
      gathering ??= setTimeout(writeGathered, GATHER_MS);
    },
    keepOnly(isKept) {
      writing = writing.then(() => rewrite(isKept)).catch(onError);
    },
    forgetBefore(sinceMs) {
      writing = writing.then(() => dropBefore(sinceMs)).catch(onError);
    },
    async close() {
      closed = true;
      writeGathered();
      await writing;
      await closeCurrent();
    },
  };
}

async function readSegments(directory: string): Promise<Segment[]> {
  const numbers = (await readdir(directory)).flatMap((name) => NAME.exec(name)?.[1] ?? []).sort();
  return Promise.all(
    numbers.map(async (digits) => ({
      number: Number(digits),
      bytes: (await stat(join(directory, `answers-${digits}.bin`))).size,
    })),
  );
}
