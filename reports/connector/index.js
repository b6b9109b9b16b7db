// Evidence's source of data: ClickHouse over HTTP, one SELECT a file of sources/vigor. The types come from ClickHouse itself, so a table
// without rows keeps its columns and a date stays a date.

export const options = {
  url: { title: "http://user:password@host:8123/database", type: "string", secret: true, required: true },
};

export const getRunner =
  ({ url }) =>
  async (sql, file) =>
    file.endsWith(".sql") ? tableOf(await query(url, sql)) : null;

export async function testConnection({ url }) {
  try {
    await query(url, "SELECT 1");
    return true;
  } catch (error) {
    return { reason: error.message };
  }
}

const FORMAT = "JSONCompactEachRowWithNamesAndTypes";
/** Longer than any of the queries takes on a year of a million users, shorter than for ever. */
const TIMEOUT_MS = 120_000;
const MAX_ERROR_LENGTH = 400;

/** Throws on every failure, also one in the middle of an answer: no table is ever half of it. */
async function query(url, sql) {
  const { origin, pathname, username, password } = new URL(url);
  const target = new URL(origin);
  target.search = new URLSearchParams({
    database: pathname.slice(1),
    default_format: FORMAT,
    wait_end_of_query: "1",
    output_format_json_quote_64bit_integers: "0",
    // 2: reading, with settings of one's own; whatever the user's rights are.
    readonly: "2",
  }).toString();
  const response = await fetch(target, {
    method: "POST",
    body: sql.trim().replace(/;$/, ""),
    headers: {
      "x-clickhouse-user": decodeURIComponent(username) || "default",
      "x-clickhouse-key": decodeURIComponent(password),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`ClickHouse answered ${response.status}: ${text.slice(0, MAX_ERROR_LENGTH)}`);
  return text;
}

/** The answer's lines: names, types, then the rows. */
export function tableOf(text) {
  const [names, types, ...rows] = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const parsers = types.map(parserOf);
  return {
    rows: rows.map((values) => Object.fromEntries(names.map((name, i) => [name, parsers[i](values[i])]))),
    columnTypes: names.map((name, i) => ({
      name,
      evidenceType: evidenceTypeOf(types[i]),
      typeFidelity: "precise",
    })),
    expectedRowCount: rows.length,
  };
}

export function evidenceTypeOf(type) {
  const plain = unwrapped(type);
  if (/^(U?Int\d|Float|BFloat|Decimal)/.test(plain)) return "number";
  if (plain === "Bool") return "boolean";
  return plain.startsWith("Date") ? "date" : "string";
}

function parserOf(type) {
  const parse = parserOfValue(unwrapped(type));
  return (value) => (value === null ? null : parse(value));
}

/** Times are UTC: the queries see to it. */
function parserOfValue(type) {
  if (/^Date(32)?$/.test(type)) return (value) => new Date(`${value}T00:00:00Z`);
  if (type.startsWith("DateTime")) return (value) => new Date(`${value.replace(" ", "T")}Z`);
  if (evidenceTypeOf(type) === "number") return Number;
  if (type === "Bool") return Boolean;
  return (value) => (typeof value === "string" ? value : JSON.stringify(value));
}

function unwrapped(type) {
  const [, inner] = /^(?:Nullable|LowCardinality)\((.*)\)$/s.exec(type) ?? [];
  return inner === undefined ? type : unwrapped(inner);
}
