import { join } from "node:path";
import { ConfigError } from "../config.ts";
import { acquireProcessLock, type ProcessLock } from "../runtime/process-lock.ts";
import { prepareDataDirectory } from "./data-directory.ts";

/** Lets one process of a role work in a data directory. Throws {@link ConfigError} that says who holds it and what to do. */
export async function lockRole(dataDir: string, role: string): Promise<ProcessLock> {
  await prepareDataDirectory(dataDir);
  const outcome = await acquireProcessLock(join(dataDir, "locks", `${role}.lock`));
  if (outcome.kind === "acquired") return outcome.lock;
  const holder =
    outcome.pid === null ? "in another process, which is just starting" : `as process ${outcome.pid}`;
  throw new ConfigError(
    `the data directory ${dataDir} is in use: its ${role} runs ${holder}.\n` +
      "  Stop that one first, or choose another directory with VIGOR_DATA_DIR.",
  );
}
