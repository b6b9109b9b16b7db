import { packageManagerPid } from "../config.ts";

export interface StopRequests {
  /** Resolves with the reason when the process is asked to stop. */
  readonly first: Promise<string>;
  /** Resolves when a signal asks again, later: somebody does not want to wait. */
  readonly second: Promise<string>;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** One Ctrl-C may come twice: from the terminal, which signals the whole group, and from npm, which passes it on. */
const SAME_REQUEST_MS = 1_000;
const CHECK_PARENT_EVERY_MS = 250;

/**
 * Listens for everything that asks this process to stop: a signal, the end of a supervisor (its channel closes), and the end of the package
 * manager that runs the command.
 *
 * The last one is for `npm start`: whoever ends npm without a signal that it could pass on (`kill -9`) would leave its child running, with nobody
 * left to stop it. It is noticed by the change of the parent's process id, and only when a package manager runs the command: it waits for its
 * child, so it is gone only when somebody ended it. Other parents (a shell with `&` or nohup, cron, a daemon's launcher) may go while their
 * child works on. The end of standard input says nothing: under systemd, Docker and nohup it has no standard input from the start.
 */
export function listenForStop(): StopRequests {
  let firstAtMs: number | null = null;
  let ask: (reason: string) => void = () => undefined;
  let askAgain: (reason: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    ask = (reason) => {
      firstAtMs ??= performance.now();
      resolve(reason);
    };
  });
  const second = new Promise<string>((resolve) => {
    askAgain = resolve;
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (firstAtMs === null) ask(signal);
      else if (performance.now() - firstAtMs > SAME_REQUEST_MS) askAgain(signal);
    });
  }
  process.once("disconnect", () => ask("the supervisor is gone"));
  // It went before anybody listened.
  if (process.connected === false) ask("the supervisor is gone");
  const parent = packageManagerPid();
  if (parent !== null) watchParent(parent, () => ask("the process that ran it is gone"));
  return { first, second };
}

/** `parent` is known from the command line: the parent may have gone before this process ran its first line. */
function watchParent(parent: number, onGone: () => void): void {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, CHECK_PARENT_EVERY_MS);
  timer.unref();
}
