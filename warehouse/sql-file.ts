import { readFileSync } from "node:fs";

const texts = new Map<string, string>();

/** The text of a `.sql` file, read at its first use: `sqlFile(new URL("./spend.sql", import.meta.url))`. */
export function sqlFile(url: URL): string {
  const known = texts.get(url.href);
  if (known !== undefined) return known;
  const text = readFileSync(url, "utf8");
  texts.set(url.href, text);
  return text;
}
