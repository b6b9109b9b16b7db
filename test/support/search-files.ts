import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The files below the directory in which the text stands, as it is or as half of a name; by path. */
export async function findInFiles(directory: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name.includes(text)) found.push(path);
    if (!entry.isFile()) continue;
    // A file that goes while it is looked for holds nothing.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.includes(text)) found.push(path);
  }
  return found.sort();
}
