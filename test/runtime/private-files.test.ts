import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockRole } from "../../machine/lock.ts";
import { writePrivateOnce } from "../../runtime/private-files.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-private-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a data directory that a version before left readable for others is closed at the start of any role, and files that links lead to stay as they are", async () => {
  const dataDir = join(directory, "data");
  const outside = join(directory, "outside");
  await writeFile(outside, "not ours");
  await chmod(outside, 0o644);
  await mkdir(join(dataDir, "warehouse", "store"), { recursive: true });
  const old = ["admin-token", "warehouse/credentials.json", "warehouse/store/data.bin"];
  for (const name of old) {
    await writeFile(join(dataDir, name), "old");
    await chmod(join(dataDir, name), 0o644);
  }
  for (const name of ["", "warehouse", "warehouse/store"]) await chmod(join(dataDir, name), 0o755);
  await symlink(outside, join(dataDir, "link"));
  const lock = await lockRole(dataDir, "gateway");
  await lock.release();
  for (const name of old) expect((await stat(join(dataDir, name))).mode & 0o777, name).toBe(0o600);
  for (const name of ["", "warehouse", "warehouse/store"])
    expect((await lstat(join(dataDir, name))).mode & 0o777, name).toBe(0o700);
  expect((await stat(outside)).mode & 0o777).toBe(0o644);
});

test("a secret that is written once is complete and for its owner alone from its first byte, and the first one stays", async () => {
  const file = join(directory, "secret");
  expect(writePrivateOnce(file, "first")).toEqual({ created: true });
  expect(writePrivateOnce(file, "second")).toEqual({ created: false });
  expect(await readFile(file, "utf8")).toBe("first");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["secret"]);
});

test("every program of the package makes its files for its user alone", async () => {
  const root = join(import.meta.dirname, "../..");
  const text = await readFile(join(root, "package.json"), "utf8");
  const commands = [
    ...text.matchAll(/register ((?:main|(?:gateway|ingest|pipeline|warehouse|tools)\/[\w-]+)\.ts)"/g),
  ];
  const programs = [
    ...commands.map(([, path = ""]) => path),
    "pipeline/reports/main.ts",
    "warehouse/embedded-child.ts",
  ];
  expect(programs.length).toBeGreaterThan(15);
  const open = [];
  for (const program of programs) {
    const source = await readFile(join(root, program), "utf8");
    if (!/makeFilesPrivate\(\)|runRole\(|runTool\(/.test(source)) open.push(program);
  }
  expect(open).toEqual([]);
});
