import { ConfigError } from "../config.ts";
import { mendPermissions } from "../runtime/private-files.ts";
import { UserError } from "../runtime/user-error.ts";
import { prepareDirectory } from "../runtime/writable-directory.ts";

/**
 * Makes the data directory, for its user alone, and makes sure that it takes data. What a version before has left readable for others no longer is.
 * Throws {@link ConfigError} that names it, the reason and what to do.
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  try {
    await prepareDirectory(dataDir);
    await mendPermissions(dataDir);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new ConfigError(
      `the data directory cannot be used: ${error.message}.\n  VIGOR_DATA_DIR names the directory (now ${dataDir}).`,
      { cause: error },
    );
  }
}
