import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config.ts";

const created = z.object({ key: z.string() });
const TIMEOUT_MS = 10_000;

/** An app's key for the first steps: made through the control API at the first start, then kept in the data directory. */
export async function firstAppKey(config: Config, adminToken: string): Promise<string> {
  const file = join(config.dataDir, "quickstart-key");
  const known = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
  if (known !== "") return known.trim();
  const response = await fetch(`http://127.0.0.1:${config.controlPort}/api/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "quickstart" }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok)
    throw new Error(`the control API made no key: ${response.status} ${await response.text()}`);
  const { key } = created.parse(await response.json());
  await writeFile(file, key, { mode: 0o600 });
  return key;
}
