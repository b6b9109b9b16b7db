import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openControlApi } from "./control/api.ts";
import type { ControlDeps } from "./control/control-deps.ts";
import { openPanel } from "./control/panel-files.ts";
import { openDirectory } from "./directory.ts";
import type { JobDeps } from "./job.ts";
import { timetable } from "./jobs.ts";
import type { Leadership } from "./leadership.ts";
import { startScheduler } from "./scheduler.ts";

/** What the pipeline needs from outside; the log and the warehouse stay the caller's to close. */
export interface PipelineDeps
  extends Omit<ControlDeps, "directory" | "jobs" | "panel">,
    Pick<JobDeps, "secretOf" | "maySimulatedSteer" | "reports"> {
  /** Where there may be several pipelines: which of them runs the jobs. */
  readonly leadership?: Leadership;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

export interface Pipeline {
  /** Where the control API listens. */
  readonly port: number;
  /** Stops listening, then the jobs, then the following of the log. Idempotent. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** Reads the log to its end, then starts the jobs and the control API. Rejects when it cannot listen, saying why. */
export async function startPipeline(deps: PipelineDeps): Promise<Pipeline> {
  const directory = await openDirectory(deps);
  const scheduler = startScheduler({
    deps: { ...deps, directory },
    entries: timetable(),
    now: deps.now,
    ...(deps.leadership === undefined ? {} : { leadership: deps.leadership }),
  });
  const panel = openPanel();
  const app = openControlApi({ ...deps, directory, jobs: scheduler.status, panel });
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    app,
  );
  const stopRest = async (): Promise<void> => {
    await scheduler.close();
    await directory.close();
  };
  try {
    const port = await listen(server, deps);
    panel.build().catch((error: unknown) => deps.logger.error({ err: error }, "the panel cannot be built"));
    let closing: Promise<void> | null = null;
    const close = async (): Promise<void> => {
      await stopListening(server);
      await stopRest();
    };
    return {
      port,
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await stopRest();
    throw error;
  }
}

function listen(server: Server, { host, port }: PipelineDeps): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} is taken, so the control API cannot listen on it; set CONTROL_PORT to a free port`;
      reject(error.code === "EADDRINUSE" ? new Error(taken, { cause: error }) : error);
    });
    server.listen({ host, port }, () => resolve(portOf(server.address())));
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the control API has no port");
  return address.port;
}

/** How long calls in hand may take to end; live streams never do by themselves. */
const CLOSE_GRACE_MS = 500;

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
