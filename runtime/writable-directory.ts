import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { explainFileError } from "./file-error.ts";
import { UserError } from "./user-error.ts";

/** Enough that a full disk shows: a file system may take an empty file when it takes nothing more. */
const PROBE_BYTES = 4_096;

/**
 * Makes a directory where it is not there yet, and writes a file in it to be sure that it takes data. Throws {@link UserError} that names the
 * path, the reason and what to do.
 *
 * Each level is made by itself: Node's recursive `mkdir` never returns where the system says "no such file" below a directory that exists
 * (in `/proc`).
 */
export async function prepareDirectory(path: string): Promise<void> {
  const directory = resolve(path);
  try {
    for (const level of await missingLevels(directory)) await makeLevel(level);
    await probe(directory);
  } catch (error) {
    const reason = explainFileError(error, directory);
    if (reason === null) throw error;
    throw new UserError(reason, { cause: error });
  }
}

/** The directories that have to be made, the outermost first. */
async function missingLevels(directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (let level = directory; !(await exists(level)); level = dirname(level)) missing.unshift(level);
  return missing;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // The root always exists, so this ends.
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function makeLevel(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    // Another process, started at the same moment, was faster.
    if (!isCode(error, "EEXIST")) throw error;
  }
}

async function probe(directory: string): Promise<void> {
  const file = join(directory, `.write-test-${process.pid}`);
  try {
    const handle = await open(file, "w", 0o600);
    try {
      await handle.writeFile(Buffer.alloc(PROBE_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await rm(file, { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
