/** By code points, so that a pair is no match. Half of a pair is no character: it has no UTF-8, and ClickHouse takes no row with it. */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** The path of the first text, name of a field included, with half of a surrogate pair; null: there is none. */
export function findHalfCharacter(value: unknown): readonly string[] | null {
  if (typeof value === "string") return HALF_CHARACTER.test(value) ? [] : null;
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    // By number, since a list may have millions of items.
    for (let at = 0; at < value.length; at += 1) {
      const found = findHalfCharacter(value[at]);
      if (found !== null) return [String(at), ...found];
    }
    return null;
  }
  for (const [key, item] of Object.entries(value)) {
    if (HALF_CHARACTER.test(key)) return [];
    const found = findHalfCharacter(item);
    if (found !== null) return [key, ...found];
  }
  return null;
}

/** Cuts a text without cutting a character in two; a half that it came with becomes U+FFFD, as in any decoder. */
export function truncate(text: string, maxLength: number): string {
  const cut = text.slice(0, maxLength);
  return cut.length < text.length && PAIR_ACROSS.test(text.slice(maxLength - 1, maxLength + 1))
    ? truncate(text, maxLength - 1)
    : cut.replace(HALF_CHARACTERS, "\ufffd");
}

const HALF_CHARACTERS = /\p{Surrogate}/gu;
const PAIR_ACROSS = /^[\ud800-\udbff][\udc00-\udfff]$/;
