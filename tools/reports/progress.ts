import { Presets, SingleBar } from "cli-progress";
import type { BuildProgress } from "../../pipeline/reports/build-reports.ts";

export type ReportProgress =
  | BuildProgress
  | { readonly step: "installing"; readonly done: number; readonly total: number };

const WORDS: Readonly<Record<ReportProgress["step"], string>> = {
  installing: "installing the report builder, once (about 640 MB)",
  reading: "reading the warehouse",
  pages: "making the pages",
  publishing: "publishing",
};
/** Of a first build; later ones go by the one before. */
const EXPECTED_MS = 200_000;
const LINE_EVERY_MS = 15_000;
const TICK_MS = 500;

/** A bar on a terminal; elsewhere a line at each step, and one every fifteen seconds. */
export function showProgress(output: NodeJS.WriteStream, expectedMs = EXPECTED_MS) {
  const draw = output.isTTY ? drawBar(output) : drawLines(output);
  let latest: ReportProgress | null = null;
  let since = performance.now();
  const show = (): void => {
    if (latest !== null) draw.show(WORDS[latest.step], partOf(latest, performance.now() - since, expectedMs));
  };
  const timer = setInterval(show, TICK_MS);
  return {
    update(progress: ReportProgress): void {
      if (latest?.step !== progress.step) since = performance.now();
      latest = progress;
      show();
    },
    stop(): void {
      clearInterval(timer);
      draw.stop();
    },
  };
}

/** Making the pages tells nothing of itself: there the bar goes by the time that it should take, and waits short of the end. */
function partOf({ done, total }: ReportProgress, elapsedMs: number, expectedMs: number): number {
  if (total === null) return Math.min(0.97, elapsedMs / expectedMs);
  return total === 0 ? 1 : done / total;
}

interface Drawing {
  /** `part`: 0 to 1 of this step. */
  show(words: string, part: number): void;
  stop(): void;
}

function drawBar(stream: NodeJS.WriteStream): Drawing {
  let bar: SingleBar | null = null;
  let shown = "";
  return {
    show(words, part) {
      if (words !== shown) {
        bar?.update(100);
        bar?.stop();
        bar = new SingleBar(
          { format: "{bar} {percentage} % | {words} | {duration_formatted}", stream, hideCursor: true },
          Presets.shades_classic,
        );
        bar.start(100, 0, { words });
        shown = words;
      }
      bar?.update(Math.round(part * 100));
    },
    stop: () => bar?.stop(),
  };
}

function drawLines(stream: NodeJS.WriteStream): Drawing {
  let shown = "";
  let toldAt = 0;
  return {
    show(words, part) {
      const now = performance.now();
      if (words === shown && now - toldAt < LINE_EVERY_MS) return;
      stream.write(words === shown ? `  ${Math.round(part * 100)} %\n` : `${words} ...\n`);
      shown = words;
      toldAt = now;
    },
    stop: () => undefined,
  };
}
