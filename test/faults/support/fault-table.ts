import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { z } from "zod";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where each fault's row is kept until all are told. */
    faultRowsFile: string;
  }
}

const faultRow = z.object({
  fault: z.string(),
  /** How often it was done. */
  times: z.number(),
  /** Requests sent meanwhile, and those of them that were answered with 200. */
  sent: z.number(),
  answered: z.number(),
  /** Requests that were answered, with 200 or with a denial, and that the warehouse does not have. */
  lost: z.number(),
  /** Requests that the warehouse counts more than once. */
  double: z.number(),
  /** Users who got more than a limit allows. */
  overLimit: z.number(),
});
export type FaultRow = z.infer<typeof faultRow>;

/** Keeps a row for the table that is printed at the end. */
export async function tell(row: FaultRow): Promise<void> {
  await appendFile(inject("faultRowsFile"), `${JSON.stringify(row)}\n`);
}

let directory = "";

export async function setup(project: TestProject): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "vigor-faults-"));
  await writeFile(join(directory, "rows"), "");
  project.provide("faultRowsFile", join(directory, "rows"));
}

export async function teardown(): Promise<void> {
  const lines = (await readFile(join(directory, "rows"), "utf8")).split("\n").filter((line) => line !== "");
  await rm(directory, { recursive: true, force: true });
  process.stdout.write(`\n${markdownOf(lines.map((line) => faultRow.parse(JSON.parse(line))))}\n`);
}

function markdownOf(rows: readonly FaultRow[]): string {
  const head = ["fault", "times", "sent", "answered", "lost", "double", "over limit"];
  const cells = rows.map(({ fault, ...numbers }) => [fault, ...Object.values(numbers).map(String)]);
  return [head, head.map(() => "---"), ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
