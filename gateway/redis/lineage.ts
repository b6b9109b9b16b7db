import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

/** What a gateway remembers of its Redis, so that it notices when that has lost something. README.md has the protocol. */
export interface Lineage {
  /** This gateway's name there; the same after a restart. */
  readonly owner: string;
  readonly epoch: number;
  /** The last change of this gateway that Redis has acknowledged. */
  readonly mark: number;
  acknowledged(mark: number): void;
  /** The counters were rebuilt: only what comes after it counts. */
  adopt(epoch: number, mark: number): void;
  /** Writes down what has changed since the last time. */
  save(): Promise<void>;
}

const remembered = z.object({
  owner: z.string().min(1),
  epoch: z.number().nonnegative(),
  mark: z.number().nonnegative(),
});

/** `file`: where it is remembered across restarts; null: a restarted gateway notices no loss that it did not live through. */
export function openLineage(file: string | null): Lineage {
  const known = (file === null ? null : readLineage(file)) ?? { owner: randomUUID(), epoch: 0, mark: 0 };
  let { epoch, mark } = known;
  let saved = "";
  return {
    owner: known.owner,
    get epoch() {
      return epoch;
    },
    get mark() {
      return mark;
    },
    acknowledged(acknowledged) {
      mark = Math.max(mark, acknowledged);
    },
    adopt(newEpoch, newMark) {
      epoch = newEpoch;
      mark = newMark;
    },
    async save() {
      const text = JSON.stringify({ owner: known.owner, epoch, mark });
      if (file === null || text === saved) return;
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.tmp`, text, { mode: 0o600 });
      await rename(`${file}.tmp`, file);
      saved = text;
    },
  };
}

/** A file that a power cut has torn is as good as none: the gateway begins under a new name. */
function readLineage(file: string): z.infer<typeof remembered> | null {
  try {
    return remembered.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
