import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { z } from "zod";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where each test keeps what it tried, until the table is printed. */
    attemptsFile: string;
  }
}

const attemptRow = z.object({
  /** "control API, wrong token". */
  what: z.string(),
  tried: z.number(),
  refused: z.number(),
});
export type AttemptRow = z.infer<typeof attemptRow>;

/** Keeps a row for the table that is printed when all tests are over. */
export async function report(row: AttemptRow): Promise<void> {
  await appendFile(inject("attemptsFile"), `${JSON.stringify(row)}\n`);
}

let directory = "";

export async function setup(project: TestProject): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "vigor-security-"));
  await writeFile(join(directory, "rows"), "");
  project.provide("attemptsFile", join(directory, "rows"));
}

export async function teardown(): Promise<void> {
  const lines = (await readFile(join(directory, "rows"), "utf8")).split("\n").filter((line) => line !== "");
  await rm(directory, { recursive: true, force: true });
  const rows = lines.map((line) => attemptRow.parse(JSON.parse(line)));
  const total = rows.reduce(
    (sum, { tried, refused }) => ({ what: "all", tried: sum.tried + tried, refused: sum.refused + refused }),
    { what: "all", tried: 0, refused: 0 },
  );
  const cells = [...rows, total].map(({ what, tried, refused }) => [what, String(tried), String(refused)]);
  const table = [["what", "tried", "refused"], ["---", "---", "---"], ...cells];
  process.stdout.write(`\n${table.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`);
}
