import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  update(bytes: number, done: number): void;
  stop(): void;
}

const KIB = 1024;

/** A bar on standard error while a person watches; nothing otherwise. By bytes read, because the rows are not counted before. */
export function openProgress(totalBytes: number, unit: string): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    {
      format: `{bar} {percentage} % | {value}/{total} KiB | {done} ${unit} | {eta_formatted} left`,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(Math.ceil(totalBytes / KIB), 0, { done: 0 });
  return {
    update: (bytes, done) => bar.update(Math.ceil(bytes / KIB), { done }),
    stop: () => bar.stop(),
  };
}
