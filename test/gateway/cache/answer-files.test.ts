import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openAnswerFiles } from "../../../gateway/cache/answer-files.ts";
import { encodeAnswer } from "../../../gateway/cache/answer-frame.ts";
import type { CachedAnswer } from "../../../gateway/cache/cached-answer.ts";
import { waitFor } from "../../support/wait-for.ts";
import { cachedAnswer } from "./cached-answer.ts";

let directory: string;
let nowMs: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-answers-"));
  nowMs = Date.now();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (maxBytes = 1 << 20) =>
  openAnswerFiles({
    directory,
    maxBytes,
    now: () => nowMs,
    onError: (error) => {
      throw error;
    },
  });

async function write(answers: readonly CachedAnswer[], maxBytes?: number): Promise<void> {
  const files = await open(maxBytes);
  for (const answer of answers) files.append(encodeAnswer(answer));
  await files.close();
}

async function load(): Promise<CachedAnswer[]> {
  const loaded: CachedAnswer[] = [];
  const files = await open();
  for await (const answer of files.load()) loaded.push(answer);
  await files.close();
  return loaded;
}

const answers = ["a", "b", "c"].map((name) => cachedAnswer(name));
const only = async (): Promise<string> => {
  const [name, ...others] = await readdir(directory);
  if (name === undefined || others.length > 0) throw new Error("one file");
  return join(directory, name);
};

it("gives back every answer, in the order in which they were made, over several starts", async () => {
  await write(answers.slice(0, 2));
  await write(answers.slice(2));
  expect(await load()).toEqual(answers);
});

it("gives back what is before a torn tail or a broken byte, and nothing of what is broken", async () => {
  await write(answers);
  const file = await only();
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 3));
  expect(await load()).toEqual(answers.slice(0, 2));
  whole[whole.length - 1] = (whole[whole.length - 1] ?? 0) ^ 0xff;
  await writeFile(file, whole);
  expect(await load()).toEqual(answers.slice(0, 2));
  await writeFile(file, "");
  await appendFile(file, Buffer.alloc(100, 0xff));
  expect(await load()).toEqual([]);
});

it("drops the oldest file when all are too long", async () => {
  const long = (name: string) => cachedAnswer(name, { body: Buffer.alloc(2_000, name) });
  for (const name of ["a", "b", "c", "d", "e"]) await write([long(name)], 8_000);
  const kept = await load();
  expect(kept.map(({ body }) => body.toString("utf8", 0, 1))).toEqual(["c", "d", "e"]);
});

it("deletes files whose answers may not be given any more, the one that it writes into, too", async () => {
  const files = await open();
  const gone = async () => (await readdir(directory)).length === 0;
  files.append(encodeAnswer(cachedAnswer("a")));
  await waitFor("the file", async () => !(await gone()));
  nowMs += 13 * 3_600_000;
  files.forgetBefore(nowMs - 14 * 3_600_000);
  files.append(encodeAnswer(cachedAnswer("b")));
  await waitFor("the second file", async () => (await readdir(directory)).length === 2);
  nowMs += 13 * 3_600_000;
  files.forgetBefore(nowMs);
  await waitFor("the end of both files", gone);
  await files.close();
});

it("lets nobody else on the machine read answers", async () => {
  await write(answers);
  expect((await stat(await only())).mode & 0o077).toBe(0);
});
