import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { currentRelease } from "./releases.ts";

/** What came of a build. */
const buildOutcome = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("built"),
    id: z.string(),
    madeAtMs: z.number(),
    buildMs: z.number(),
    pages: z.number(),
  }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
  /** Somebody else builds at this moment. */
  z.object({ kind: z.literal("busy") }),
  /** `npm run reports` was never run here. */
  z.object({ kind: z.literal("not-installed") }),
  /** No day is over on which there were requests. */
  z.object({ kind: z.literal("nothing-yet") }),
]);
export type BuildOutcome = z.infer<typeof buildOutcome>;

/** The pipeline's access to the reports. */
export interface ReportBuilds {
  /** When the release in force was begun, milliseconds since the epoch; null: there is none. */
  builtAtMs(): Promise<number | null>;
  /** Takes minutes. Rejects only when the process cannot be started. */
  build(): Promise<BuildOutcome>;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** Longer than the build itself may take. */
const TIMEOUT_MS = 45 * 60_000;
const MAX_OUTPUT = 2_000;

export function openReportBuilds(options: { dataDir: string; environment: NodeJS.ProcessEnv }): ReportBuilds {
  return {
    builtAtMs: async () => (await currentRelease(options.dataDir))?.madeAtMs ?? null,
    build: () => buildInProcess(options.environment),
  };
}

function buildInProcess(env: NodeJS.ProcessEnv): Promise<BuildOutcome> {
  return new Promise((resolve, reject) => {
    let outcome: BuildOutcome | null = null;
    let output = "";
    const child = fork(MAIN, [], {
      execArgv: ["--import", "@oxc-node/core/register"],
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const timer = setTimeout(() => child.kill("SIGTERM"), TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-MAX_OUTPUT);
      });
    child.on("message", (message) => {
      outcome = buildOutcome.parse(message);
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve(
        outcome ?? {
          kind: "failed",
          reason: `the build ended with ${signal ?? `exit code ${code}`}\n${output}`.trim(),
        },
      );
    });
  });
}
