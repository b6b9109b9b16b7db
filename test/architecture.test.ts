import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SKIPPED = new Set(["node_modules", ".git", ".vigor", "reports", "dist"]);
const ADAPTER = /\.(embedded|kafka|redis|server)\.ts$/;

/** What each folder may import from; itself always. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  models: [],
  runtime: [],
  warehouse: ["models", "runtime"],
  ingest: ["models", "runtime", "warehouse"],
  gateway: ["models", "runtime", "ingest"],
  pipeline: ["models", "runtime", "ingest", "warehouse"],
  "simulated-provider": ["models", "runtime"],
};
/** Packages without I/O, clock or randomness of their own. */
const PURE_PACKAGES = [
  "zod",
  "temporal-polyfill",
  "@pydantic/genai-prices",
  "@marcbachmann/cel-js",
  "re2js",
  "ml-regression",
];

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Paths below the root, or names of packages. */
  readonly imports: readonly string[];
}

const files = sourceFiles(ROOT);
const product = files.filter(({ path }) => !/^(test|bench|tools)\//.test(path));

describe("the architecture", () => {
  it("has the folders that the rules speak of", () => {
    for (const folder of Object.keys(MAY_IMPORT)) {
      expect(
        product.filter(({ path }) => path.startsWith(`${folder}/`)),
        folder,
      ).not.toHaveLength(0);
    }
  });

  it.each(Object.entries(MAY_IMPORT))("%s imports only what it may know", (folder, allowed) => {
    const foreign = product
      .filter(({ path }) => path.startsWith(`${folder}/`) && !isMain(path))
      .flatMap(({ path, imports }) => imports.map((target) => ({ path, target })))
      .filter(({ target }) => files.some((file) => file.path === target))
      .filter(({ target }) => ![folder, ...allowed].some((name) => target.startsWith(`${name}/`)));
    expect(foreign).toEqual([]);
  });

  it("models import neither I/O nor impure packages", () => {
    const impure = product
      .filter(({ path }) => path.startsWith("models/"))
      .flatMap(({ path, imports }) => imports.map((target) => ({ path, target })))
      .filter(({ target }) => !target.startsWith("models/") && !PURE_PACKAGES.includes(target));
    expect(impure).toEqual([]);
  });

  it("models have no clock and no randomness of their own", () => {
    const impure = product.filter(
      ({ path, text }) =>
        path.startsWith("models/") &&
        /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|performance\.now\(/.test(text),
    );
    expect(impure.map(({ path }) => path)).toEqual([]);
  });

  it("adapters are chosen in wiring.ts and in main files only", () => {
    const elsewhere = product
      .filter(({ path }) => path !== "wiring.ts" && !isMain(path) && !ADAPTER.test(path))
      .flatMap(({ path, imports }) => imports.map((target) => ({ path, target })))
      .filter(({ target }) => ADAPTER.test(target));
    expect(elsewhere).toEqual([]);
  });

  it("only config.ts reads the environment", () => {
    const readers = files.filter(
      ({ path, text }) => !path.startsWith("test/") && /process\.env\b/.test(text),
    );
    expect(readers.map(({ path }) => path)).toEqual(["config.ts"]);
  });

  it("each folder says what it is for in at most fifteen lines", () => {
    for (const folder of [
      ...Object.keys(MAY_IMPORT),
      "models/domain",
      "models/policy",
      "models/rules",
      "models/forecast",
      "machine",
      "tools",
      "bench",
      "test",
    ]) {
      const lines = readFileSync(join(ROOT, folder, "README.md"), "utf8")
        .trimEnd()
        .split("\n");
      expect(lines.length, folder).toBeLessThanOrEqual(15);
    }
  });

  it("no file is longer than three hundred lines", () => {
    const long = product.filter(({ text }) => text.split("\n").length > 301);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

function isMain(path: string): boolean {
  return /(^|\/)main\.ts$/.test(path);
}

function sourceFiles(directory: string): SourceFile[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const full = join(directory, entry.name);
    if (entry.isDirectory()) return sourceFiles(full);
    return entry.name.endsWith(".ts") ? [readSource(full)] : [];
  });
}

function readSource(full: string): SourceFile {
  const text = readFileSync(full, "utf8");
  const targets = [
    ...text.matchAll(
      /^(?:import|export)\b[^;"]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
    ),
  ].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
  const imports = targets.map((target) =>
    target.startsWith(".") ? relative(ROOT, resolve(dirname(full), target)) : target,
  );
  return { path: relative(ROOT, full), text, imports };
}
