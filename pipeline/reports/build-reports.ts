import { existsSync } from "node:fs";
import { cp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../runtime/user-error.ts";
import { compressSite } from "./compress-site.ts";
import { openWorkDirectory, publishRelease, type Release } from "./releases.ts";
import { CommandError, runCommand } from "./run-command.ts";
import { hasSomethingToReport } from "./something-to-report.ts";

/** There is no complete day to report of yet, as on the day of a first start: not a failure. */
export class NothingToReport extends UserError {
  constructor() {
    super("there is no complete day with requests to report of; the reports can be built tomorrow");
    this.name = "NothingToReport";
  }
}

export interface BuildOptions {
  /** The Evidence project: `reports/` of this repository. */
  readonly projectDir: string;
  readonly dataDir: string;
  /** `http://user:password@host:8123/vigor`; it is used for reading only. */
  readonly warehouseUrl: string;
  /** Of the commands: at least PATH and HOME. */
  readonly environment: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal?: AbortSignal;
  onProgress?(progress: BuildProgress): void;
}

export interface BuildProgress {
  readonly step: "reading" | "pages" | "publishing";
  readonly done: number;
  /** Null: not known before; the step takes minutes. */
  readonly total: number | null;
}

const SOURCES_TIMEOUT_MS = 10 * 60_000;
/** Three minutes on two idle cores. */
const PAGES_TIMEOUT_MS = 30 * 60_000;
/** It needs 3 GB; below 1.5 GB it fails. */
const MAX_HEAP_MB = 4_096;
const CLI = "node_modules/@evidence-dev/evidence/cli.js";
const PATCHED_FILE = "node_modules/@evidence-dev/universal-sql/src/build-parquet.js";
/** What `scripts/patch-evidence.mjs` puts at the head of a file. */
const PATCH_MARK = "/* arrow-ipc patch */";
/** What a build reads; everything else stays where it is. */
const PROJECT_FILES = [
  "pages",
  "components",
  "partials",
  "sources",
  "connector",
  "evidence.config.yaml",
  "evidence.settings.json",
  "package.json",
];

/** Whether `npm ci --prefix reports` was run, to its end. */
export async function isInstalled(projectDir: string): Promise<boolean> {
  const patched = join(projectDir, PATCHED_FILE);
  if (!existsSync(join(projectDir, CLI)) || !existsSync(patched)) return false;
  return (await readFile(patched, "utf8")).startsWith(PATCH_MARK);
}

/**
 * Builds the reports from the warehouse's views and makes them the release in force. Rejects when any query or page fails, and with
 * {@link NothingToReport}; then the release before stays. The caller holds the lock: two builds at once would delete each other's work.
 */
export async function buildReports(options: BuildOptions): Promise<Release> {
  if (!(await hasSomethingToReport(options.warehouseUrl))) throw new NothingToReport();
  const madeAtMs = options.now();
  const work = await openWorkDirectory(options.dataDir, madeAtMs);
  try {
    await prepare(options.projectDir, work);
    await readSources(options, work);
    await makePages(options, work);
    options.onProgress?.({ step: "publishing", done: 0, total: 1 });
    const site = join(work, "build");
    const pages = await checkSite(site, join(work, "pages"));
    await compressSite(site);
    const release = await publishRelease(options.dataDir, site, {
      madeAtMs,
      buildMs: options.now() - madeAtMs,
      pages,
    });
    options.onProgress?.({ step: "publishing", done: 1, total: 1 });
    return release;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A copy, so that builds of several data directories do not meet, and the project may be on a read-only disk. */
async function prepare(projectDir: string, work: string): Promise<void> {
  for (const name of PROJECT_FILES) await cp(join(projectDir, name), join(work, name), { recursive: true });
  await symlink(join(projectDir, "node_modules"), join(work, "node_modules"));
}

async function readSources(options: BuildOptions, work: string): Promise<void> {
  const files = await readdir(join(work, "sources", "vigor"));
  const total = files.filter((name) => name.endsWith(".sql")).length;
  let done = 0;
  const progress = (): void => options.onProgress?.({ step: "reading", done, total });
  progress();
  await evidence(["sources", "--strict"], SOURCES_TIMEOUT_MS, {
    ...options,
    work,
    onLine: (line) => {
      if (!line.includes("Finished")) return;
      done += 1;
      progress();
    },
  });
}

async function makePages(options: BuildOptions, work: string): Promise<void> {
  options.onProgress?.({ step: "pages", done: 0, total: null });
  await evidence(["build:strict"], PAGES_TIMEOUT_MS, { ...options, work });
}

interface EvidenceRun extends BuildOptions {
  readonly work: string;
  onLine?(line: string): void;
}

async function evidence(args: readonly string[], timeoutMs: number, run: EvidenceRun): Promise<void> {
  try {
    await runCommand(process.execPath, [join(run.projectDir, CLI), ...args], {
      cwd: run.work,
      timeoutMs,
      env: {
        ...run.environment,
        EVIDENCE_SOURCE__vigor__url: run.warehouseUrl,
        NODE_OPTIONS: `--max-old-space-size=${MAX_HEAP_MB}`,
      },
      ...(run.signal === undefined ? {} : { signal: run.signal }),
      ...(run.onLine === undefined ? {} : { onLine: run.onLine }),
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // The password must not get into a log or an alert.
    throw new CommandError(error.message.replaceAll(run.warehouseUrl, "(the warehouse)"), []);
  }
}

/** The number of pages. Throws when a page of the project is not among them. */
async function checkSite(site: string, pagesDir: string): Promise<number> {
  const expected = (await markdownFiles(pagesDir))
    .filter((name) => !name.includes("["))
    .map((name) => (name.endsWith("index.md") ? name : name.replace(/\.md$/, "/index.md")))
    .map((name) => name.replace(/\.md$/, ".html"));
  const missing = expected.filter((name) => !existsSync(join(site, name)));
  if (missing.length > 0) throw new Error(`the build made no ${missing.join(", ")}`);
  const all = await readdir(site, { recursive: true });
  return all.filter((name) => name.endsWith("index.html")).length;
}

async function markdownFiles(directory: string): Promise<string[]> {
  const all = await readdir(directory, { recursive: true });
  return all.filter((name) => name.endsWith(".md"));
}
