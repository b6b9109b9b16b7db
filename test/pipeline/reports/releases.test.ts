import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  allSites,
  currentRelease,
  currentSite,
  openWorkDirectory,
  publishRelease,
} from "../../../pipeline/reports/releases.ts";

let dataDir = "";
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vigor-releases-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const START_MS = Date.UTC(2026, 5, 1);

async function publish(day: number, text = `day ${day}`) {
  const madeAtMs = START_MS + day * 86_400_000;
  const work = await openWorkDirectory(dataDir, madeAtMs);
  const site = join(work, "build");
  await mkdir(site);
  await writeFile(join(site, "index.html"), text);
  return publishRelease(dataDir, site, { madeAtMs, buildMs: 1_000, pages: 1 });
}
const shown = () => readFile(join(currentSite(dataDir), "index.html"), "utf8");

it("before the first build there is no release, and that is no error", async () => {
  expect(await currentRelease(dataDir)).toBeNull();
  expect(await allSites(dataDir)).toEqual([]);
});

it("a published release is in force, with when it was made", async () => {
  const release = await publish(1);
  expect(await shown()).toBe("day 1");
  expect(await currentRelease(dataDir)).toEqual(release);
});

it("a swap never leaves a reader without a page", async () => {
  await publish(1);
  let isOver = false;
  const misses: unknown[] = [];
  const reader = (async () => {
    while (!isOver) {
      await shown().catch((error: unknown) => misses.push(error));
    }
  })();
  for (let day = 2; day < 12; day += 1) await publish(day);
  isOver = true;
  await reader;
  // Between looking up the link and opening the file a release may be swapped, but not be gone: three are kept.
  expect(misses).toEqual([]);
});

it("a build that died leaves the release in force, and its leftovers go with the next build", async () => {
  await publish(1);
  const died = await openWorkDirectory(dataDir, START_MS + 5);
  await writeFile(join(died, "half"), "");
  expect(await shown()).toBe("day 1");
  await publish(2);
  expect(existsSync(died)).toBe(false);
});

it("three releases are kept, the newest first, and the one just made is never deleted", async () => {
  for (const day of [4, 5, 6, 7]) await publish(day);
  await publish(1, "the clock went back");
  expect(await shown()).toBe("the clock went back");
  expect(await readdir(join(dataDir, "reports", "releases"))).toHaveLength(3);
  const [newest] = await allSites(dataDir);
  expect(await readFile(join(newest ?? "", "index.html"), "utf8")).toBe("day 7");
});
