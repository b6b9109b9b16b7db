import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { prepareDataDirectory } from "./data-directory.ts";

const TOKEN_BYTES = 24;

/**
 * The admin's token: `ADMIN_TOKEN`, else the one in the data directory, which is made (readable by its owner only) when it is not there.
 * `created` is true for the process that made it, so that it is printed once.
 */
export async function adminToken(config: Config): Promise<{ token: string; created: boolean }> {
  if (config.adminToken !== null) return { token: config.adminToken, created: false };
  const file = join(config.dataDir, "admin-token");
  await prepareDataDirectory(config.dataDir);
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(token);
    await handle.close();
    return { token, created: true };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return { token: (await readFile(file, "utf8")).trim(), created: false };
  }
}
