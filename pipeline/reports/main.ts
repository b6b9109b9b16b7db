import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ConfigError, childEnvironment, loadConfig } from "../../config.ts";
import { lockRole } from "../../machine/lock.ts";
import { makeFilesPrivate } from "../../runtime/private-files.ts";
import { warehouseUrls } from "../../wiring.ts";
import { buildReports, isInstalled, NothingToReport } from "./build-reports.ts";
import type { BuildOutcome } from "./report-builds.ts";
import { CommandError } from "./run-command.ts";

/** One build, as a process of its own that tells its parent what came of it, and ends with it. */
new Command("reports")
  .description("One build of the reports, for the pipeline. People use `npm run reports`.")
  .parse();

const PROJECT = fileURLToPath(new URL("../../reports/", import.meta.url));
makeFilesPrivate();
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
// The channel closes when the pipeline ends, however it ends.
process.once("disconnect", () => stop.abort());

const outcome = await build();
await new Promise<void>((resolve) => {
  if (process.send === undefined || !process.connected) return resolve();
  process.send(outcome, () => resolve());
});
process.exit(outcome.kind === "failed" ? 1 : 0);

async function build(): Promise<BuildOutcome> {
  if (!(await isInstalled(PROJECT))) return { kind: "not-installed" };
  const config = loadConfig();
  const lock = await lockRole(config.dataDir, "reports").catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    return null;
  });
  if (lock === null) return { kind: "busy" };
  try {
    const release = await buildReports({
      projectDir: PROJECT,
      dataDir: config.dataDir,
      warehouseUrl: warehouseUrls(config).readonlyUrl,
      environment: childEnvironment(),
      now: Date.now,
      signal: stop.signal,
    });
    return { kind: "built", ...release };
  } catch (error) {
    if (error instanceof NothingToReport) return { kind: "nothing-yet" };
    if (!(error instanceof CommandError || error instanceof Error)) throw error;
    return { kind: "failed", reason: error.message };
  } finally {
    await lock.release();
  }
}
