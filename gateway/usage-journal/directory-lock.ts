import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { UsageStoreError } from "../usage-store.ts";

/** How often an abandoned lock may be found and removed before somebody else is faster. */
const MAX_ATTEMPTS = 5;

/**
 * One process writes a directory at a time. The lock names its process by id and start time, so that one left by a killed
 * process does not hold, even when the id is in use again.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const file = path.join(directory, "lock");
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      await writeFile(file, await nameOf(process.pid), { flag: "wx" });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    const owner = await readIfThere(file);
    const pid = Number.parseInt(owner ?? "", 10);
    if (owner !== null && pid !== process.pid && isRunning(pid) && owner === (await nameOf(pid))) {
      throw new UsageStoreError(`${directory} is in use by process ${pid}`);
    }
    await rm(file, { force: true });
  }
  throw new UsageStoreError(`${directory} is being opened by several processes`);
}

async function nameOf(pid: number): Promise<string> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  // The 22nd field, counted behind the command's name, which may hold spaces. Where there is no /proc, the id has to do.
  const startTime = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${pid} ${startTime ?? ""}`;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (isCode(error, "EPERM")) return true;
    if (isCode(error, "ESRCH") || error instanceof TypeError) return false;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
