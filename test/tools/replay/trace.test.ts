import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ReplayError } from "../../../tools/replay/replay-error.ts";
import { readTrace } from "../../../tools/replay/trace.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "replay-trace-"));
});
afterAll(() => rm(directory, { recursive: true }));

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
let files = 0;

async function traceOf(...lines: string[]): Promise<string> {
  files += 1;
  const file = join(directory, `${files}.csv`);
  await writeFile(file, lines.join("\n"));
  return file;
}

async function refusalOf(file: string): Promise<string> {
  const error = await readTrace(file, 100).catch((caught: unknown) => caught);
  if (!(error instanceof ReplayError)) throw new Error("the trace was not refused");
  return error.message.replace(`${directory}/`, "");
}

test("times become offsets from the first request, with all their digits", async () => {
  const file = await traceOf(
    HEADER,
    "2023-11-16 18:15:46.6805900,374,44",
    "2023-11-16 18:15:50.9951690,396,109",
    "",
  );
  const rows = await readTrace(file, 100);
  expect(rows[0]).toEqual({ offsetMs: 0, contextTokens: 374, generatedTokens: 44 });
  expect(rows[1]?.offsetMs).toBeCloseTo(4314.579, 2);
});

test("rows out of order are put in order", async () => {
  const file = await traceOf(HEADER, "2023-11-16 18:00:01,2,2", "2023-11-16 18:00:00,1,1");
  expect((await readTrace(file, 100)).map(({ contextTokens }) => contextTokens)).toEqual([1, 2]);
});

test("no more rows than the limit are read, and what is wrong behind it does not matter", async () => {
  const file = await traceOf(
    HEADER,
    "2023-11-16 18:00:00,1,1",
    "2023-11-16 18:00:01,2,2",
    "2023-11-16 18:00:02,3,3",
    "x",
  );
  expect(await readTrace(file, 2)).toHaveLength(2);
});

test.each([
  [["a,b,c", "1,2,3"], '1.csv:1: the header must be "TIMESTAMP,ContextTokens,GeneratedTokens", not "a,b,c"'],
  [[HEADER], "has no requests"],
  [[HEADER, "2023-11-16 18:00:00,1,1", "2023-11-16 18:00:01,1"], ":3: a row has 3 fields, this one has 2"],
  [[HEADER, "yesterday,1,1"], ":2: TIMESTAMP must be like"],
  [[HEADER, "2023-11-16 18:00:00,-1,1"], ":2: ContextTokens must be a whole number"],
  [[HEADER, "2023-11-16 18:00:00,1,many"], ":2: GeneratedTokens must be a whole number"],
])("what is wrong with the file is told with its line (%#)", async (lines, message) => {
  expect(await refusalOf(await traceOf(...lines))).toContain(message.replace(/^1\.csv/, `${files}.csv`));
});

test("a missing file and a directory are told as such", async () => {
  expect(await refusalOf(join(directory, "none.csv"))).toBe(
    "there is no file or directory none.csv: check the path",
  );
  expect(await refusalOf(directory)).toContain("is a directory");
});
