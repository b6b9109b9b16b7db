import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explainFileError } from "../../runtime/file-error.ts";
import { UserError } from "../../runtime/user-error.ts";
import { prepareDirectory } from "../../runtime/writable-directory.ts";

/** As the system reports them: errno(3). */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: what the system says, open`), { code, syscall: "open" });
}

describe("a file system's error", () => {
  it.each([
    ["ENOSPC", "the disk of /data is full: free some space, or choose another path"],
    ["EROFS", "/data is on a read-only file system: choose another path"],
    ["EACCES", "/data is not open to this user: change its permissions, or choose another path"],
    ["EDQUOT", "the disk quota for /data is used up: free some space, or choose another path"],
    ["EIO", "/data: open failed with EIO"],
  ])("%s is told with the path and what to do", (code, sentence) => {
    expect(explainFileError(systemError(code), "/data")).toBe(sentence);
  });

  it("is told apart from errors of other kinds", () => {
    expect(explainFileError(new Error("no"), "/data")).toBeNull();
    expect(
      explainFileError(Object.assign(new Error("no"), { code: "ERR_INVALID_ARG_TYPE" }), "/data"),
    ).toBeNull();
  });
});

describe("a directory that data go to", () => {
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "vigor-directory-"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("is made with all that is missing above it, for its owner only, and nothing is left in it", async () => {
    const directory = join(root, "a", "b", "c");
    await Promise.all(Array.from({ length: 8 }, () => prepareDirectory(directory)));
    expect(await readdir(directory)).toEqual([]);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    await prepareDirectory(directory);
  });

  it("that cannot be is refused with its path, however far above it the reason is", async () => {
    const file = import.meta.filename;
    const refusal = await prepareDirectory(join(file, "x", "y")).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UserError);
    expect(String(refusal)).toContain(`${join(file, "x", "y")} cannot exist`);
  });

  it.runIf(process.platform === "linux")(
    "is refused in /proc, where a recursive mkdir does not come back",
    async () => {
      await expect(prepareDirectory("/proc/vigor/data")).rejects.toThrow("/proc/vigor/data");
    },
  );

  it("that is there and not for this process to change keeps what it has", async () => {
    const directory = join(root, "kept");
    await mkdir(directory, { mode: 0o750 });
    await prepareDirectory(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o750);
  });
});
