import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockRole } from "../../../machine/lock.ts";
import { buildReports } from "../../../pipeline/reports/build-reports.ts";
import { currentRelease } from "../../../pipeline/reports/releases.ts";
import { openReportBuilds } from "../../../pipeline/reports/report-builds.ts";

let dataDir = "";
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vigor-report-builds-"));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const environment = () => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  VIGOR_DATA_DIR: dataDir,
});
const isInstalledHere = existsSync(
  join(import.meta.dirname, "../../../reports/node_modules/@evidence-dev/evidence/cli.js"),
);

it("a process builds, and never two at once in a data directory", async () => {
  const builds = openReportBuilds({ dataDir, environment: environment() });
  expect(await builds.builtAtMs()).toBeNull();
  const lock = await lockRole(dataDir, "reports");
  expect(await builds.build()).toEqual({ kind: isInstalledHere ? "busy" : "not-installed" });
  await lock.release();
});

it("a build process that cannot work says why instead of ending the pipeline", async () => {
  const env = { ...environment(), CONTROL_PORT: "not a port" };
  const outcome = await openReportBuilds({ dataDir, environment: env }).build();
  expect(outcome).toMatchObject(
    isInstalledHere
      ? { kind: "failed", reason: expect.stringContaining("CONTROL_PORT") }
      : { kind: "not-installed" },
  );
});

it("a build whose command fails changes nothing, and leaves nothing behind", async () => {
  const projectDir = join(dataDir, "project");
  const options = { projectDir, dataDir, warehouseUrl: "http://u:secret@127.0.0.1:1/vigor", now: Date.now };
  await expect(buildReports({ ...options, environment: environment() })).rejects.toThrow();
  expect(await currentRelease(dataDir)).toBeNull();
});
