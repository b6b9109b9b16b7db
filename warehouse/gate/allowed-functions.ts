import { readFileSync } from "node:fs";

/** The suffixes that make another aggregate function of one: `sumIf`, `uniqStateIf`. */
const COMBINATORS = [
  "SimpleState",
  "OrDefault",
  "Distinct",
  "Resample",
  "ForEach",
  "ArgMax",
  "ArgMin",
  "OrNull",
  "Tuple",
  "Merge",
  "State",
  "Array",
  "Null",
  "Map",
  "If",
].map((name) => name.toLowerCase());

const ALLOWED = readNames(new URL("./allowed-functions.txt", import.meta.url));
/** What makes rows out of nothing; all others read something. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "numbers",
  "numbers_mt",
  "zeros",
  "zeros_mt",
  "generateseries",
  "generate_series",
  "values",
]);

/** No function has a longer name. */
const MAX_NAME_LENGTH = 100;

export function isAllowedFunction(name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return false;
  const known = name.toLowerCase();
  if (ALLOWED.has(known)) return true;
  return COMBINATORS.some(
    (suffix) => known.endsWith(suffix) && isAllowedFunction(known.slice(0, -suffix.length)),
  );
}

/** Views with parameters are written like table functions: `FROM bi_cache_over(from = ..., to = ..., grain = 'day')`. */
const VIEW_WITH_PARAMETERS = /^(?:vigor\.)?bi_[a-z_]{1,60}_over$/;

export function isAllowedTableFunction(name: string): boolean {
  return TABLE_FUNCTIONS.has(name.toLowerCase()) || VIEW_WITH_PARAMETERS.test(name);
}

function readNames(file: URL): ReadonlySet<string> {
  const text = readFileSync(file, "utf8").replaceAll(/^#.*$/gm, "");
  return new Set(text.toLowerCase().split(/\s+/).filter(Boolean));
}
