/** A labelled stretch of rows, both ends included. */
export interface LabelWindow {
  readonly first: number;
  readonly last: number;
}

/** What a detector said of one file. */
export interface ScoredFile {
  readonly rows: number;
  readonly windows: readonly LabelWindow[];
  /** Rows at which an alert began, ascending. */
  readonly alerts: readonly number[];
}

/** The standard profile of the Numenta Anomaly Benchmark. */
const WEIGHTS = { truePositive: 1, falsePositive: 0.11, falseNegative: 1 };
const PROBATION_SHARE = 0.15;
const MAX_PROBATION_BASE_ROWS = 5_000;
/** Beyond that many window widths after a window, an alert is simply false. */
const MAX_WIDTHS_AFTER = 3;

/** Rows that are for learning only; alerts and windows in them do not count. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(PROBATION_SHARE * rows), PROBATION_SHARE * MAX_PROBATION_BASE_ROWS);
}

/**
 * 100 = each window found at its first row without a false alarm, 0 = nothing said at all.
 * Lavin & Ahmad (2015), "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark", ICMLA,
 * section III; details as in the benchmark's `scorer.py` and `sweeper.py`.
 */
export function nabScore(files: readonly ScoredFile[]): number {
  let raw = 0;
  let windows = 0;
  for (const file of files) {
    raw += rawScore(file);
    windows += usableWindows(file).length;
  }
  const nothing = -windows * WEIGHTS.falseNegative;
  const perfect = windows * WEIGHTS.truePositive;
  return perfect === nothing ? 0 : (100 * (raw - nothing)) / (perfect - nothing);
}

export function usableWindows({ rows, windows }: Pick<ScoredFile, "rows" | "windows">): LabelWindow[] {
  const probation = probationRows(rows);
  return windows.filter(({ first }) => first >= probation);
}

function rawScore(file: ScoredFile): number {
  const windows = usableWindows(file);
  const probation = probationRows(file.rows);
  const best = windows.map(() => -WEIGHTS.falseNegative);
  let falseAlarms = 0;
  for (const row of file.alerts) {
    if (row < probation) continue;
    const inside = windows.findIndex(({ first, last }) => row >= first && row <= last);
    const window = windows[inside];
    if (window === undefined) falseAlarms += falseAlarmScore(row, windows);
    else best[inside] = Math.max(best[inside] ?? 0, detectionScore(row, window));
  }
  return best.reduce((sum, score) => sum + score, falseAlarms);
}

function detectionScore(row: number, { first, last }: LabelWindow): number {
  const position = -(last - row + 1) / (last - first + 1);
  return (WEIGHTS.truePositive * scaledSigmoid(position)) / scaledSigmoid(-1);
}

function falseAlarmScore(row: number, windows: readonly LabelWindow[]): number {
  const before = windows.findLast(({ last }) => last < row);
  if (before === undefined) return -WEIGHTS.falsePositive;
  const width = Math.max(1, before.last - before.first);
  return WEIGHTS.falsePositive * scaledSigmoid((row - before.last) / width);
}

function scaledSigmoid(position: number): number {
  return position > MAX_WIDTHS_AFTER ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}
