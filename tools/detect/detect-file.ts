import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { openDetector } from "../../models/anomaly/detector.ts";
import type { Detector, Verdict } from "../../models/anomaly/verdict.ts";
import { csvField } from "../series/csv-field.ts";
import { type ObservationRow, readObservations } from "./observation-file.ts";

export interface DetectFileOptions {
  /** Takes complete lines of the output; what comes next waits for it. */
  write(lines: string): Promise<void>;
  onRows?(done: number): void;
}

export const OUTPUT_HEADER = "timestamp,value,score,alert";
/** The distance between rows is the median of that many; they are too few to judge anything by, so they score 0. */
export const LEARNING_ROWS = 12;
const ROWS_AT_ONCE = 1_000;
const SCORE_DIGITS = 6;
const USUAL: Verdict = { score: 0, alert: false, expected: null };

/** Judges each row by the rows up to it. Throws ObservationFileError for a file that cannot be used. */
export async function detectFile(
  input: Readable,
  { write, onRows }: DetectFileOptions,
): Promise<{ rows: number; alerts: number }> {
  const first: ObservationRow[] = [];
  let detector: Detector | null = null;
  let lines = `${OUTPUT_HEADER}\n`;
  let rows = 0;
  let alerts = 0;
  for await (const row of readObservations(input)) {
    rows += 1;
    let verdict = USUAL;
    if (detector === null) {
      first.push(row);
      if (first.length === LEARNING_ROWS) detector = detectorAfter(first);
    } else verdict = judge(detector, row);
    if (verdict.alert) alerts += 1;
    lines += lineOf(row, verdict);
    if (rows % ROWS_AT_ONCE === 0) {
      await write(lines);
      lines = "";
      onRows?.(rows);
      // Lets the progress bar and signals in.
      await setImmediate();
    }
  }
  await write(lines);
  return { rows, alerts };
}

function detectorAfter(first: readonly ObservationRow[]): Detector {
  const gaps = first.slice(1).map(({ timeMs }, index) => timeMs - (first[index]?.timeMs ?? timeMs));
  const positive = gaps.filter((gapMs) => gapMs > 0).sort((a, b) => a - b);
  const intervalMs = positive[Math.floor(positive.length / 2)] ?? 1;
  const detector = openDetector({ intervalMs });
  for (const row of first) judge(detector, row);
  return detector;
}

function judge(detector: Detector, { timeMs, value }: ObservationRow): Verdict {
  return Number.isNaN(value) ? USUAL : detector.next({ timeMs, value });
}

function lineOf({ timestamp, text }: ObservationRow, { score, alert }: Verdict): string {
  return `${csvField(timestamp)},${csvField(text)},${Number(score.toFixed(SCORE_DIGITS))},${alert ? 1 : 0}\n`;
}
