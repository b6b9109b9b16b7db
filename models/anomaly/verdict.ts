export interface Observation {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly value: number;
}

export interface Verdict {
  /** 0 = usual, {@link ALERT_SCORE} and above = worth an alert, towards 1 = like nothing before. */
  readonly score: number;
  readonly alert: boolean;
  /** What was expected, in the unit of the series; null while too little has been seen. */
  readonly expected: number | null;
}

/** Judges one series as it comes, each value by what came before it. */
export interface Detector {
  next(observation: Observation): Verdict;
}

export const ALERT_SCORE = 0.5;

/** A score without an upper end to 0..1, so that `threshold` becomes {@link ALERT_SCORE}. */
export function verdictOf(
  raw: number,
  { threshold, expected }: { readonly threshold: number; readonly expected: number | null },
): Verdict {
  return { score: raw <= 0 ? 0 : raw / (raw + threshold), alert: raw >= threshold, expected };
}
