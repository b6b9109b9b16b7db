import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);
const COMPRESSIBLE = /\.(html|js|css|json|wasm|svg|txt|webmanifest|arrow|parquet)$/;
/** Below it, compressing costs more than it saves. */
const MIN_BYTES = 1_024;

/** Writes a `.gz` beside every file that gains from it: once at the build, instead of at every visit. */
export async function compressSite(site: string): Promise<void> {
  for (const name of await readdir(site, { recursive: true })) {
    const path = join(site, name);
    if (!COMPRESSIBLE.test(name)) continue;
    const facts = await stat(path);
    if (!facts.isFile() || facts.size < MIN_BYTES) continue;
    await writeFile(`${path}.gz`, await compress(await readFile(path)));
  }
}
