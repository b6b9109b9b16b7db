import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError } from "../config.ts";
import { writePrivateOnce } from "../runtime/private-files.ts";
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
  const made = randomBytes(TOKEN_BYTES).toString("base64url");
  const { created } = writePrivateOnce(file, made);
  const token = (await readFile(file, "utf8")).trim();
  if (token === "")
    throw new ConfigError(`the admin token in ${file} is empty: delete the file, and start again`);
  return { token, created };
}
