import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});

const PACKAGES = [
  { directory: ".", known: "@chdb/lib-darwin-arm64" },
  { directory: "reports", known: "@rollup/rollup-darwin-arm64" },
];

it.each(PACKAGES)(
  "the lock file in $directory holds the packages of every platform, so that `npm ci` works on each (scripts/complete-lock.mjs adds them)",
  ({ directory, known }) => {
    const file = resolve(import.meta.dirname, "..", directory, "package-lock.json");
    const { packages } = lockFile.parse(JSON.parse(readFileSync(file, "utf8")));
    const held = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/"))));
    const named = Object.values(packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    );
    expect(named).toContain(known);
    expect(named.filter((name) => !held.has(`node_modules/${name}`))).toEqual([]);
  },
);
