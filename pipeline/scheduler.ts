import { createTask, type ScheduledTask } from "node-cron";
import type { JobDeps, JobEntry, JobRun, JobStatus } from "./job.ts";
import { type JobLedger, jobLedger } from "./job-ledger.ts";
import type { Leadership } from "./leadership.ts";

export interface SchedulerOptions {
  readonly deps: JobDeps;
  readonly entries: readonly JobEntry[];
  now(): number;
  /** Jobs run while it is held; absent: this is the only pipeline. */
  readonly leadership?: Leadership;
}

export interface Scheduler {
  status(): JobStatus[];
  /** Runs a job now, as if it were due at that time; waits for a run in hand. For starts and tests. */
  runNow(name: string, dueAtMs: number): Promise<void>;
  /** Starts nothing more and waits for what runs, at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void>;
}

export const CLOSE_TIMEOUT_MS = 10_000;
/** Within this, a failing job that runs every few seconds is logged once. */
const REPEATED_FAILURE_LOG_MS = 60_000;
/** A job that asks to run again soon gets that so often; then it waits for its next time. */
const MAX_TRIES_BETWEEN = 60;
/** What runs at the start waits that long for another pipeline's term to end before it asks again. */
const START_AGAIN_MS = 2_000;

/**
 * Runs jobs at their times. A job never overlaps itself; one that fails is recorded and logged and is tried again at
 * its next time, and takes nothing else with it.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const ledger = jobLedger(options.deps.warehouse);
  const runners = options.entries.map((entry) => startRunner(entry, ledger, options));
  return {
    status: () => runners.map((runner) => runner.status()),
    async runNow(name, dueAtMs) {
      const runner = runners.find((candidate) => candidate.status().name === name);
      if (runner === undefined) throw new RangeError(`there is no job "${name}"`);
      await runner.run(dueAtMs);
    },
    async close() {
      await Promise.all(runners.map((runner) => runner.stop()));
      await options.leadership?.close();
    },
  };
}

interface Runner {
  status(): JobStatus;
  run(dueAtMs: number): Promise<void>;
  stop(): Promise<void>;
}

function startRunner(entry: JobEntry, ledger: JobLedger, options: SchedulerOptions): Runner {
  const { deps, now, leadership } = options;
  const { name, cron } = entry;
  const again = followUp();
  let lastRun: JobRun | null = null;
  let inHand: Promise<void> | null = null;
  let lastFailureLoggedMs = Number.NEGATIVE_INFINITY;

  const logFailure = (error: unknown): void => {
    if (now() - lastFailureLoggedMs < REPEATED_FAILURE_LOG_MS) return;
    lastFailureLoggedMs = now();
    deps.logger.error({ err: error, job: name }, "a job failed; it runs again at its next time");
  };
  const runOnce = async (dueAtMs: number): Promise<void> => {
    try {
      if (leadership !== undefined && !(await leadership.isHeld())) {
        if (entry.atStart && lastRun === null) again.in(START_AGAIN_MS, () => run(now()));
        return;
      }
      const outcome = await ledger.run(entry, { deps, dueAtMs, now });
      if (outcome === null) return;
      lastRun = outcome.run;
      if (outcome.againInMs !== null) again.in(outcome.againInMs, () => run(now()));
      if (outcome.error !== null) logFailure(outcome.error);
      else lastFailureLoggedMs = Number.NEGATIVE_INFINITY;
    } catch (error) {
      logFailure(error);
    }
  };
  const run = (dueAtMs: number): Promise<void> => {
    inHand ??= runOnce(dueAtMs).finally(() => {
      inHand = null;
    });
    return inHand;
  };
  const task = startTask(entry, deps, run);
  if (entry.atStart) void run(now());

  return {
    status: () => ({
      name,
      cron,
      running: inHand !== null,
      nextDueAtMs: task.getNextRun()?.getTime() ?? null,
      lastRun,
    }),
    async run(dueAtMs) {
      await inHand;
      await run(dueAtMs);
    },
    async stop() {
      again.stop();
      await task.destroy();
      await withinTime(inHand, CLOSE_TIMEOUT_MS);
    },
  };
}

function startTask(
  { name, cron }: JobEntry,
  { catalog, logger }: JobDeps,
  run: (dueAtMs: number) => Promise<void>,
): ScheduledTask {
  const task = createTask(cron, ({ date }) => run(date.getTime()), {
    name,
    timezone: catalog().timezone,
    noOverlap: true,
    suppressMissedWarning: true,
    logger: {
      info: (message) => logger.debug({ job: name }, message),
      warn: (message) => logger.warn({ job: name }, message),
      error: (message) => logger.error({ job: name, err: message }, "the scheduler failed"),
      debug: () => undefined,
    },
  });
  void task.start();
  return task;
}

/** At most one run to come, and {@link MAX_TRIES_BETWEEN} in all. */
function followUp() {
  let timer: NodeJS.Timeout | undefined;
  let tries = 0;
  return {
    in(delayMs: number, run: () => Promise<void>): void {
      if (tries >= MAX_TRIES_BETWEEN) return;
      tries += 1;
      clearTimeout(timer);
      timer = setTimeout(run, delayMs).unref();
    },
    stop(): void {
      tries = MAX_TRIES_BETWEEN;
      clearTimeout(timer);
    },
  };
}

async function withinTime(work: Promise<void> | null, timeoutMs: number): Promise<void> {
  if (work === null) return;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, timeUp]);
  clearTimeout(timer);
}
