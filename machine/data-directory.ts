import { ConfigError } from "../config.ts";
import { UserError } from "../runtime/user-error.ts";
import { prepareDirectory } from "../runtime/writable-directory.ts";

/** Makes the data directory, and makes sure that it takes data. Throws {@link ConfigError} that names it, the reason and what to do. */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  try {
    await prepareDirectory(dataDir);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(
      `the data directory cannot be used: ${error.message}.\n  VIGOR_DATA_DIR names the directory (now ${dataDir}).`,
      { cause: error },
    );
  }
}
