import { SingleBar } from "cli-progress";
import { countAll, type Tally } from "./statistics.ts";

export interface Progress {
  update(tally: Tally, inFlight: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;

/** A bar on a terminal; elsewhere a line every few seconds. */
export function showProgress(total: number, output: NodeJS.WriteStream): Progress {
  return output.isTTY ? showBar(total, output) : showLines(total, output);
}

function showBar(total: number, stream: NodeJS.WriteStream): Progress {
  const format =
    "replay [{bar}] {value}/{total} | ok {ok} denied {denied} failed {failed} | in flight {inFlight} | {eta_formatted}";
  const bar = new SingleBar({ format, stream, hideCursor: true, fps: 5, etaBuffer: 500 });
  bar.start(total, 0, { ok: 0, denied: 0, failed: 0, inFlight: 0 });
  return {
    update: (tally, inFlight) => bar.update(tally.sent, { ...countsOf(tally), inFlight }),
    stop: () => bar.stop(),
  };
}

function showLines(total: number, output: NodeJS.WriteStream): Progress {
  let latest: { tally: Tally; inFlight: number } | null = null;
  const timer = setInterval(() => {
    if (latest === null) return;
    const { ok, denied, failed } = countsOf(latest.tally);
    output.write(
      `${latest.tally.sent}/${total} sent, ${ok} ok, ${denied} denied, ${failed} failed, ${latest.inFlight} in flight\n`,
    );
  }, LINE_EVERY_MS);
  return {
    update: (tally, inFlight) => {
      latest = { tally, inFlight };
    },
    stop: () => clearInterval(timer),
  };
}

function countsOf(tally: Tally): { ok: number; denied: number; failed: number } {
  return { ok: tally.ok + tally.cached, denied: countAll(tally.denied), failed: countAll(tally.failed) };
}
