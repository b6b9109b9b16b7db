import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      optionalDependencies: z.record(z.string(), z.string()).optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
      optional: z.boolean().optional(),
    }),
  ),
});

const PACKAGES = [
  { directory: ".", known: "@chdb/lib-darwin-arm64" },
  { directory: "reports", known: "@rollup/rollup-darwin-arm64" },
];

/** Engines of other platforms, which the registry that the hashes were taken from does not hold. Nothing else may lack a hash. */
const WITHOUT_HASH =
  /^node_modules\/(@chdb\/lib-(darwin-arm64|darwin-x64|linux-arm64-gnu)|@oxc-node\/core-(?!linux-x64-gnu$)[\w-]+)$/;

it.each(PACKAGES)(
  "every package in the lock file in $directory has an integrity hash, so that no archive is installed unchecked (scripts/complete-lock.mjs adds them)",
  ({ directory }) => {
    const { packages } = readLock(directory);
    const archives = Object.entries(packages).filter(
      ([path, { link, inBundle }]) => path.includes("node_modules/") && link !== true && inBundle !== true,
    );
    expect(archives.length).toBeGreaterThan(100);
    const unchecked = archives.filter(
      ([path, { integrity = "", optional }]) =>
        !/^sha512-[\w+/]{86}==$/.test(integrity) && !(optional === true && WITHOUT_HASH.test(path)),
    );
    expect(unchecked.map(([path]) => path)).toEqual([]);
  },
);

it.each(PACKAGES)(
  "the lock file in $directory holds the packages of every platform, so that `npm ci` works on each (scripts/complete-lock.mjs adds them)",
  ({ directory, known }) => {
    const { packages } = readLock(directory);
    const held = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/"))));
    const named = Object.values(packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    );
    expect(named).toContain(known);
    expect(named.filter((name) => !held.has(`node_modules/${name}`))).toEqual([]);
  },
);

function readLock(directory: string): z.infer<typeof lockFile> {
  const file = resolve(import.meta.dirname, "..", directory, "package-lock.json");
  return lockFile.parse(JSON.parse(readFileSync(file, "utf8")));
}
