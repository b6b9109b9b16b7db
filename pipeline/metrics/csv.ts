import type { MetricRow, MetricValue } from "./metric-table.ts";

/** RFC 4180: a head with the columns' names, CRLF, quotes where they are needed; not known = empty. */
export function toCsv(columns: readonly string[], rows: readonly MetricRow[]): string {
  const lines = [
    columns.join(","),
    ...rows.map((row) => columns.map((name) => cell(row[name] ?? null)).join(",")),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

/** A text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection). */
function cell(value: MetricValue): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
