/**
 * The statements of a `.sql` file: each ends with `;` at the end of a line. Lines that are only a comment are left
 * out; comments and semicolons inside a line belong to the statement.
 */
export function splitStatements(text: string): string[] {
  const lines = text.split("\n").filter((line) => !/^\s*--/.test(line));
  return lines
    .join("\n")
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
