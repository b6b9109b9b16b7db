import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../config.ts";

export interface Lock {
  release(): Promise<void>;
}

const MAX_TRIES = 5;

/**
 * Lets one process of a role work in a data directory. The file names its holder; one whose process is gone (`kill -9`) is taken over.
 * Throws {@link ConfigError} that says who holds it.
 */
export async function lockRole(dataDir: string, role: string): Promise<Lock> {
  const directory = join(dataDir, "locks");
  const file = join(directory, `${role}.lock`);
  await mkdir(directory, { recursive: true });
  const me = `${process.pid} ${await startTimeOf(process.pid)}`;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (await create(file, me)) return { release: () => rm(file, { force: true }) };
    const holder = await readFile(file, "utf8").catch(missingIsEmpty);
    const [pid = "", startTime = ""] = holder.split(" ");
    if (holder !== "" && (await startTimeOf(Number(pid))) === startTime) {
      throw new ConfigError(
        `the data directory ${dataDir} is in use: its ${role} runs as process ${pid}.\n` +
          "  Stop that one first, or choose another directory with VIGOR_DATA_DIR.",
      );
    }
    await rm(file, { force: true });
  }
  throw new ConfigError(`the lock ${file} could not be taken: several processes try at once`);
}

async function create(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(content);
    await handle.close();
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * When a process started, so that a process id that is used again is not taken for the old holder's.
 * From Linux's /proc (field 22 of `stat`: proc(5)); elsewhere "alive" or "gone" must do.
 */
async function startTimeOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "alive";
  } catch (error) {
    if (process.platform === "linux" && isCode(error, "ENOENT")) return "gone";
    return isAlive(pid) ? "alive" : "gone";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function missingIsEmpty(error: unknown): string {
  if (isCode(error, "ENOENT")) return "";
  throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
