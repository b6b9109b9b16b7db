import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isInstalled } from "../../pipeline/reports/build-reports.ts";
import { runCommand } from "../../pipeline/reports/run-command.ts";
import type { ReportProgress } from "./progress.ts";

export interface InstallOptions {
  readonly projectDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  onProgress(progress: ReportProgress): void;
}

const TIMEOUT_MS = 60 * 60_000;
const LOOK_EVERY_MS = 1_000;
const lockFile = z.object({ packages: z.record(z.string(), z.unknown()) });

/** Installs the Evidence project's packages when they are not there, or are another version's. */
export async function installReports({
  projectDir,
  environment,
  signal,
  onProgress,
}: InstallOptions): Promise<void> {
  const lock = await readFile(join(projectDir, "package-lock.json"), "utf8");
  const version = createHash("sha256").update(lock).digest("hex");
  const markFile = join(projectDir, "node_modules", ".vigor-lock");
  const installed = await readFile(markFile, "utf8").catch(missingIsEmpty);
  if ((await isInstalled(projectDir)) && (installed === version || installed === "")) return;
  const total = Object.keys(lockFile.parse(JSON.parse(lock)).packages).length;
  const report = async (): Promise<void> => {
    onProgress({ step: "installing", done: Math.min(total, await countPackages(projectDir)), total });
  };
  await report();
  // npm says nothing while it works; the packages on the disk do.
  const timer = setInterval(() => void report().catch(() => undefined), LOOK_EVERY_MS);
  try {
    await runCommand("npm", ["ci", "--no-audit", "--no-fund", "--prefix", projectDir], {
      cwd: projectDir,
      env: environment,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  } finally {
    clearInterval(timer);
  }
  await writeFile(markFile, version);
}

async function countPackages(projectDir: string): Promise<number> {
  const root = join(projectDir, "node_modules");
  const names = await readdir(root).catch(() => []);
  const scopes = names.filter((name) => name.startsWith("@"));
  const scoped = await Promise.all(scopes.map((scope) => readdir(join(root, scope)).catch(() => [])));
  return names.length - scopes.length + scoped.flat().length;
}

function missingIsEmpty(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
  throw error;
}
