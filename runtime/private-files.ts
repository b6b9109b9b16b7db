import { existsSync, linkSync, rmSync, writeFileSync } from "node:fs";
import { chmod, lstat, mkdir, opendir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** For files and directories that only the user who runs this may read. */
export const OWNER_ONLY_FILE = 0o600;
export const OWNER_ONLY_DIRECTORY = 0o700;

/** Everything that this process and its children make from here on is for their user alone, however it is made. */
export function makeFilesPrivate(): void {
  process.umask(0o077);
}

/**
 * Makes the directory if it is not there, and takes what others may do with the files below it away from them: once for a directory, a file
 * says that it was done. For directories of versions that left it to the umask. Links are not followed, and what goes away meanwhile is left out.
 */
export async function mendPermissions(directory: string): Promise<void> {
  const done = join(directory, ".private");
  if (existsSync(done)) return;
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  await restrictTree(directory);
  await writeFile(done, "", { mode: OWNER_ONLY_FILE });
}

/** Of one tree, whenever it is called: for files that came from elsewhere with the rights that they had there. */
export async function restrictTree(path: string): Promise<void> {
  const pending = [path];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const found = await lstat(next).catch(goneIsNull);
    if (found === null || found.isSymbolicLink()) continue;
    const wanted = found.isDirectory() ? OWNER_ONLY_DIRECTORY : OWNER_ONLY_FILE;
    if ((found.mode & 0o7777) !== wanted) await chmod(next, wanted).catch(goneIsNull);
    if (!found.isDirectory()) continue;
    const entries = await opendir(next).catch(goneIsNull);
    if (entries === null) continue;
    for await (const entry of entries) pending.push(join(next, entry.name));
  }
}

/** Made once, by whoever is first: a file that exists is complete, and nobody else could read it at any moment. */
export function writePrivateOnce(path: string, content: string): { created: boolean } {
  if (existsSync(path)) return { created: false };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content, { mode: OWNER_ONLY_FILE });
  try {
    linkSync(draft, path);
    return { created: true };
  } catch (error) {
    if (!existsSync(path)) throw error;
    return { created: false };
  } finally {
    rmSync(draft, { force: true });
  }
}

function goneIsNull(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}
