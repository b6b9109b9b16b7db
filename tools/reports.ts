import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type Config, ConfigError, childEnvironment, loadConfig } from "../config.ts";
import { lockRole } from "../machine/lock.ts";
import { buildReports } from "../pipeline/reports/build-reports.ts";
import { currentRelease, type Release } from "../pipeline/reports/releases.ts";
import { warehouseUrls } from "../wiring.ts";
import { installReports } from "./reports/install.ts";
import { showProgress } from "./reports/progress.ts";
import { runTool } from "./run-tool.ts";

const EXIT_FAILED = 1;
const EXIT_MISUSE = 2;
const PROJECT = fileURLToPath(new URL("../reports/", import.meta.url));
const PROBE_TIMEOUT_MS = 2_000;

const { installOnly = false } = new Command("npm run reports --")
  .description(
    "Builds the reports for stakeholders from the warehouse; the control API serves them at /reports/.",
  )
  .option(
    "--install-only",
    "only install what a build needs (about 640 MB), for an image or a machine without network",
  )
  .addHelpText(
    "after",
    "\nTakes about four minutes on two idle cores, and 3 GB of memory. The pipeline builds them again every day by itself.",
  )
  .parse()
  .opts<{ installOnly?: boolean }>();

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

await runTool("reports", run, {
  failureCode: (error) => (error instanceof ConfigError ? EXIT_MISUSE : EXIT_FAILED),
});

async function run(): Promise<void> {
  const environment = childEnvironment();
  const settings = { projectDir: PROJECT, environment, signal: stop.signal };
  // What cannot work is told before the minutes of an install.
  const config = installOnly ? null : loadConfig();
  const warehouseUrl = config === null ? null : warehouseUrls(config).readonlyUrl;
  await withProgress((progress) => installReports({ ...settings, onProgress: progress }));
  if (config === null || warehouseUrl === null) return;
  const lock = await lockRole(config.dataDir, "reports");
  try {
    const { dataDir } = config;
    const last = await currentRelease(dataDir);
    const release = await withProgress(
      (onProgress) => buildReports({ ...settings, dataDir, warehouseUrl, now: Date.now, onProgress }),
      last?.buildMs,
    );
    process.stdout.write(await farewell(config, release));
  } finally {
    await lock.release();
  }
}

async function withProgress<T>(
  work: (onProgress: ReturnType<typeof showProgress>["update"]) => Promise<T>,
  expectedMs?: number,
): Promise<T> {
  const progress = showProgress(process.stderr, expectedMs);
  try {
    return await work(progress.update);
  } finally {
    progress.stop();
  }
}

async function farewell({ bindHost, controlPort }: Config, { pages, buildMs }: Release): Promise<string> {
  const host = bindHost === "0.0.0.0" || bindHost === "::" ? "127.0.0.1" : bindHost;
  const url = `http://${host}:${controlPort}`;
  const built = `${pages} pages in ${Math.round(buildMs / 1_000)} s: ${url}/reports/\n`;
  const isUp = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
  return isUp
    ? `${built}Sign in at ${url}/ with the admin's or a viewer's token.\n`
    : `${built}Nothing listens there now: \`npm start\` (or \`npm run pipeline\`) serves them.\n`;
}
