import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { freePort } from "../warehouse/test-warehouse.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PORTS = ["GATEWAY_PORT", "CONTROL_PORT", "WAREHOUSE_PORT", "SIMULATED_PROVIDER_PORT"];
/** A command that hangs is ended, and has no exit code then. */
const MAX_MS = 25_000;
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));
/** The product's own commands; those of vitest, tsc and biome are not ours. */
const commands = Object.entries(scripts).flatMap(([name, line]) => {
  const [, args] = /^(?:exec env \S+ )?node (.*\.ts)$/.exec(line) ?? [];
  return args === undefined ? [] : [{ name, args: args.split(" ") }];
});

let directory = "";
const places: Record<string, string> = {};
const ports: Record<string, string> = {};
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-commands-"));
  Object.assign(places, {
    missing: join(directory, "missing.csv"),
    directory: join(directory, "folder"),
    empty: join(directory, "empty.csv"),
    binary: join(directory, "binary.csv"),
    "below a file": join(directory, "empty.csv", "file.csv"),
  });
  await mkdir(join(directory, "folder"));
  await writeFile(join(directory, "empty.csv"), "");
  await writeFile(
    join(directory, "binary.csv"),
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 0, 0, 0xff, 0xfe, 10, 0, 13]),
  );
  for (const name of PORTS) ports[name] = String(await freePort());
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.concurrent.each(commands)("npm run $name", ({ name }) => {
  it("explains itself with --help", async () => {
    const { code, stdout } = await run(name, ["--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Usage:");
  }, 60_000);

  it("refuses an option that it does not have, in a sentence", async () => {
    const { code, stderr } = await run(name, ["--no-such-option"]);
    expect(code).toBeGreaterThan(0);
    // One that misses its required options says that first.
    expect(stderr).toMatch(/^error: (unknown option '--no-such-option'|required option .* not specified)$/m);
    expectNoStack(stderr);
  }, 60_000);
});

const KINDS = ["missing", "directory", "empty", "binary", "below a file"] as const;
const readers: readonly { command: string; args(file: string): string[] }[] = [
  { command: "detect", args: (file) => ["--input", file] },
  { command: "forecast", args: (file) => ["--input", file, "--horizon", "7", "--season", "7"] },
  { command: "replay", args: (file) => [file] },
];
const fileCases = readers.flatMap((reader) => KINDS.map((kind) => ({ ...reader, kind })));

describe.concurrent("a command that reads a file", () => {
  it.each(fileCases)(
    "$command names a $kind file and says what is wrong with it",
    async ({ command, args, kind }) => {
      const file = places[kind] ?? "";
      const { code, stderr } = await run(command, args(file));
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain(file);
      expect(stderr).not.toMatch(/ENOENT|EISDIR|ENOTDIR/);
      expectNoStack(stderr);
    },
    60_000,
  );

  it.each([
    ...["whatif", "simulate", "alerts", "bench:years", "start", "gateway", "pipeline"].map((command) => ({
      command,
      kind: "missing",
    })),
    ...["missing", "directory", "empty", "binary"].map((kind) => ({ command: "savings", kind })),
  ])(
    "$command names a catalog that is $kind and says what is wrong with it",
    async ({ command, kind }) => {
      const file = places[kind] ?? "";
      const { code, stderr } = await run(command, CATALOG_READERS[command] ?? [], { CATALOG_FILE: file });
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain(file);
      expectNoStack(stderr);
    },
    60_000,
  );

  it.each([
    { command: "bench:anomaly", args: ["--data"], kind: "missing" },
    { command: "bench:forecast", args: ["--data"], kind: "missing" },
    { command: "bench:replay", args: ["--catalog"], kind: "missing" },
    { command: "bench:replay", args: ["--catalog"], kind: "directory" },
  ])(
    "$command names a place that is $kind",
    async ({ command, args, kind }) => {
      const { code, stderr } = await run(command, [...args, places[kind] ?? ""]);
      expect(code).toBe(1);
      expect(stderr).toContain(places[kind]);
      expectNoStack(stderr);
    },
    60_000,
  );
});

const CATALOG_READERS: Readonly<Record<string, string[]>> = {
  whatif: ["--set", "tiers.free.dailyRequests=20"],
  simulate: ["--days", "1", "--users", "1", "--seed", "1"],
  alerts: ["test"],
};

describe.concurrent("an output that cannot be written", () => {
  it.each(["missing", "directory", "below a file"])(
    "(%s) is named with the reason",
    async (kind) => {
      const input = join(directory, `series-${kind}.csv`);
      await writeFile(input, "timestamp,value\n2026-01-01T00:00:00Z,1\n");
      const output = kind === "missing" ? join(directory, "no-folder", "out.csv") : (places[kind] ?? "");
      const { code, stderr } = await run("detect", ["--input", input, "--output", output]);
      expect(code).toBe(1);
      expect(stderr).toContain(output);
      expectNoStack(stderr);
    },
    60_000,
  );
});

describe.concurrent("a data directory that cannot be written", () => {
  const users = [
    { command: "start", args: ["--empty"] },
    { command: "gateway", args: [] },
    { command: "ingest", args: [] },
    { command: "pipeline", args: [] },
    { command: "simulate", args: ["--days", "1", "--users", "1", "--seed", "1", "--into", "log"] },
  ];
  // Below a file, and in /proc, where a recursive `mkdir` of Node does not come back.
  const hanging = process.platform === "linux" ? "/proc/vigor-data" : "below a file";
  it.each([
    ...users.map((user) => ({ ...user, place: hanging })),
    { command: "start", args: ["--empty"], place: "below a file" },
  ])(
    "stops $command at once, names the path ($place), the reason and the setting",
    async ({ command, args, place }) => {
      const dataDir = places[place] ?? place;
      const { code, stderr } = await run(command, args, { VIGOR_DATA_DIR: dataDir });
      expect(code).toBe(command === "start" || command === "simulate" ? 1 : 78);
      expect(stderr).toContain(dataDir);
      expect(stderr).toContain("VIGOR_DATA_DIR");
      expect(stderr).toMatch(/a part of its path is a file|there is no file or directory/);
      expectNoStack(stderr);
    },
    60_000,
  );
});

interface Outcome {
  /** Null: it had to be ended. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let running = 0;
let started = 0;
const waiting: (() => void)[] = [];
const AT_ONCE = 3;

/** Runs a command as its script does, without npm around it. */
async function run(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  const number = ++started;
  try {
    return await new Promise((settle) => {
      const child = execFile(
        process.execPath,
        [...command.args, ...args],
        {
          cwd: ROOT,
          timeout: MAX_MS,
          killSignal: "SIGKILL",
          env: {
            PATH: process.env.PATH,
            HOME: process.env.HOME,
            VIGOR_DATA_DIR: join(directory, "data", String(number)),
            ...ports,
            ...env,
          },
        },
        (_error, stdout, stderr) => settle({ code: child.exitCode, stdout, stderr }),
      );
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function expectNoStack(text: string): void {
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(text).not.toContain("Node.js v");
}
