const FIGURES = 4;

/** A JSON value for people: `{"a":1,"b":["x"]}` as `a 1, b x`. */
export function wordsOf(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(FIGURES)));
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "unknown";
  if (Array.isArray(value)) return value.map(wordsOf).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(([, part]) => !isNothing(part))
    .map(([name, part]) => `${nameInWords(name)} ${nested(part)}`)
    .join(", ");
}

/** `multiplyMinutes`, `daily_spend` as `multiply minutes`, `daily spend`. */
export function nameInWords(name: string): string {
  return name.replace(/_/g, " ").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function nested(value: unknown): string {
  const words = wordsOf(value);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? `(${words})` : words;
}

function isNothing(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
