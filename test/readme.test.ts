import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { ERROR_CODES } from "../models/domain/errors.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(resolve(root, "README.md"), "utf8");
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")));

it("the README's table of error codes is the list in the code", () => {
  const rows = [...readme.matchAll(/^\| `([a-z_]+)` +\| (\d{3}) +\| (.+?) +\|$/gm)].map(
    ([, code, status, means]) => ({
      code,
      status: Number(status),
      means,
    }),
  );
  expect(rows).toEqual(
    Object.entries(ERROR_CODES).map(([code, { status, means }]) => ({ code, status, means })),
  );
});

it("every npm script that the README names exists, and its file does, too", () => {
  const named = [...readme.matchAll(/`npm run (?:-s )?([a-z:-]+)|`(bench:[a-z-]+)`/g)].map(
    ([, run, bench]) => run ?? bench ?? "",
  );
  expect(named).not.toHaveLength(0);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  for (const command of Object.values(scripts)) {
    const file = /^node .* (\S+\.ts)$/.exec(command)?.[1];
    if (file !== undefined) expect(() => readFileSync(resolve(root, file)), command).not.toThrow();
  }
});

it("the README and ARCHITECTURE.md promise the same in the same words, and say of each promise what it does not hold against", () => {
  const tableIn = (file: string, heading: string): string[] => {
    const [, section = ""] = readFileSync(resolve(root, file), "utf8").split(`\n## ${heading}\n`);
    return (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  };
  const promised = tableIn("README.md", "What it guarantees");
  expect(promised[0]).toMatch(/^\| guarantee +\| what holds +\| what does not +\|$/);
  expect(promised.length).toBeGreaterThan(10);
  expect(tableIn("ARCHITECTURE.md", "Guarantees")).toEqual(promised);
});

const guides = [
  "README.md",
  "ARCHITECTURE.md",
  ...readdirSync(join(root, "docs"))
    .filter(isMarkdown)
    .map((name) => `docs/${name}`),
];

it.each(guides)("%s leads to files that exist, and names commands that exist", (guide) => {
  const text = readFileSync(join(root, guide), "utf8");
  const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = ""]) => target);
  const local = links.filter((target) => !/^https?:/.test(target));
  expect(local.filter((target) => !existsSync(join(root, dirname(guide), target)))).toEqual([]);
  const named = [...text.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

function isMarkdown(name: string): boolean {
  return name.endsWith(".md");
}
