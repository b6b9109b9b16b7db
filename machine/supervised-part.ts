/** One process of a part, from its start to its end. */
export interface PartProcess {
  /** Resolves when it works. Stays open when it ends before that. */
  readonly ready: Promise<void>;
  /** Never rejects: a process that could not be started has ended, too. */
  readonly exited: Promise<PartExit>;
  /** Asks it to end. */
  terminate(): void;
  /** Ends it without asking (SIGKILL). */
  kill(): void;
}

export interface PartExit {
  /** `exit code 1`, `SIGKILL`. */
  readonly how: string;
  /** It ended as it should when it was asked to. */
  readonly clean: boolean;
  /** Starting it again may help. */
  readonly restartable: boolean;
  /** What it leaves to the next start, as a sentence for people; null: nothing. */
  readonly unfinished: string | null;
}

/** How a part stopped for good. */
export type PartEnd =
  | { readonly kind: "clean"; readonly unfinished: string | null }
  /** It had to be ended by force. */
  | { readonly kind: "killed" }
  /** It had ended by itself, and was not running any more. */
  | { readonly kind: "crashed"; readonly how: string };

type PartState =
  | { readonly kind: "starting"; readonly process: PartProcess }
  | { readonly kind: "running"; readonly process: PartProcess; readonly sinceMs: number }
  | { readonly kind: "backing-off"; readonly how: string; readonly timer: NodeJS.Timeout }
  | {
      readonly kind: "stopping";
      readonly process: PartProcess;
      readonly killed: boolean;
      readonly timer: NodeJS.Timeout;
    }
  | { readonly kind: "stopped"; readonly end: PartEnd };

export interface PartSpec {
  readonly name: string;
  launch(): PartProcess;
  /** It ended without being asked to, and is started again after `restartInMs`; null: it is not. */
  onExit(exit: PartExit, restartInMs: number | null): void;
}

export interface SupervisedPart {
  readonly name: string;
  /** Resolves when it works for the first time. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when it cannot be kept running. */
  readonly broken: Promise<string>;
  /** From any state: nothing is started from here on, and after `withinMs` the process is ended by force. */
  stop(withinMs: number): Promise<PartEnd>;
  /** Like `stop`, without waiting. */
  kill(): Promise<PartEnd>;
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;
/** A part that ran that long starts again at once. */
const STABLE_AFTER_MS = 30_000;
/** SIGKILL cannot be refused, but a process in an uninterruptible system call takes it later: nobody waits longer for it. */
const MAX_DEATH_MS = 1_000;

/**
 * Keeps a part running, one process at a time: starting -> running -> (backing-off -> starting -> ...) -> stopping -> stopped.
 * A part that has worked once is started again when it ends by itself, with exponential back-off; one that never worked is broken.
 */
export function supervisePart({ name, launch, onExit }: PartSpec): SupervisedPart {
  let state: PartState = start();
  let restartMs = FIRST_RESTART_MS;
  let hasWorked = false;
  const ready = deferred<void>();
  const broken = deferred<string>();
  const stopped = deferred<PartEnd>();

  function start(): PartState {
    const process = launch();
    void process.ready.then(() => {
      if (state.kind !== "starting" || state.process !== process) return;
      state = { kind: "running", process, sinceMs: performance.now() };
      hasWorked = true;
      ready.resolve();
    });
    void process.exited.then(exited);
    return { kind: "starting", process };
  }

  function exited(exit: PartExit): void {
    if (state.kind === "stopping") {
      clearTimeout(state.timer);
      if (state.killed) finish({ kind: "killed" });
      else if (exit.clean) finish({ kind: "clean", unfinished: exit.unfinished });
      else finish({ kind: "crashed", how: exit.how });
      return;
    }
    if (state.kind !== "starting" && state.kind !== "running") return;
    if (state.kind === "running" && performance.now() - state.sinceMs > STABLE_AFTER_MS)
      restartMs = FIRST_RESTART_MS;
    const again = hasWorked && exit.restartable;
    onExit(exit, again ? restartMs : null);
    if (!again) {
      finish({ kind: "crashed", how: exit.how });
      broken.resolve(`the ${name} cannot run (${exit.how})`);
      return;
    }
    const timer = setTimeout(() => {
      state = start();
    }, restartMs);
    state = { kind: "backing-off", how: exit.how, timer };
    restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
  }

  function finish(end: PartEnd): void {
    state = { kind: "stopped", end };
    stopped.resolve(end);
  }

  function kill(): Promise<PartEnd> {
    if (state.kind === "backing-off") {
      clearTimeout(state.timer);
      finish({ kind: "crashed", how: state.how });
    } else if (state.kind !== "stopped") {
      if (state.kind === "stopping") clearTimeout(state.timer);
      const { process } = state;
      const timer = setTimeout(() => finish({ kind: "killed" }), MAX_DEATH_MS);
      state = { kind: "stopping", process, killed: true, timer };
      process.kill();
    }
    return stopped.promise;
  }

  return {
    name,
    ready: ready.promise,
    broken: broken.promise,
    kill,
    stop(withinMs) {
      if (state.kind === "backing-off") return kill();
      if (state.kind === "starting" || state.kind === "running") {
        const { process } = state;
        state = { kind: "stopping", process, killed: false, timer: setTimeout(kill, withinMs) };
        process.terminate();
      }
      return stopped.promise;
    },
  };
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
