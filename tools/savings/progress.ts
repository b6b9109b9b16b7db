import { Presets, SingleBar } from "cli-progress";

export interface DayProgress {
  update(daysDone: number): void;
  stop(): void;
}

/** A bar on standard error while a person watches; nothing otherwise. */
export function openDayProgress(days: number): DayProgress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: "{bar} {percentage} % | {value}/{total} days | {eta_formatted} left", stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(days, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
