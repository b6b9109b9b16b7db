import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A disk that can be made slow, for processes that load `preload` before their own code. */
export interface SlowDisk {
  readonly preload: string;
  /** From now on each write and each sync takes that much longer. */
  slow(delayMs: number): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The delay is put around Node's own file handles, in the process that is tested: it needs no rights and no special file system,
 * and leaves the product as it is. The operating system's own queue of writes is not slowed.
 */
export async function openSlowDisk(): Promise<SlowDisk> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-slow-disk-"));
  const switchFile = join(directory, "delay-ms");
  const preload = pathToFileURL(join(import.meta.dirname, "slow-disk-preload.ts"));
  preload.searchParams.set("switch", switchFile);
  return {
    preload: preload.href,
    slow: (delayMs) => writeFile(switchFile, String(delayMs)),
    mend: () => rm(switchFile, { force: true }),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
