import { openRefractory } from "./refractory.ts";
import { residualOf, type WeightedKind, type WeightedObservation } from "./residual.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface WeightedDetector {
  next(observation: WeightedObservation): Verdict;
}

export interface WeightedDetectorOptions {
  readonly kind: WeightedKind;
  /** Which way is worth an alert. */
  readonly direction: "up" | "down" | "both";
  /** Standard deviations that are worth an alert. */
  readonly thresholdSigmas: number;
  /** Rows with observations before the first verdict. */
  readonly warmUpRows: number;
  /** Rows after an alert in which only something worse is another one. */
  readonly refractoryRows: number;
}

/** How many of the latest rows are looked at together: what is slight in each hour may be plain in four. */
const WINDOWS = [1, 2, 4];
/** A single row moves level and scale by at most that many deviations. */
const CLIP_SIGMAS = 3;
/** What was seen counts for about that many rows. */
const MEMORY_ROWS = 100;
/** A share's level also for about that many observations: of few calls a day it takes weeks to know how seldom they fail. */
const SHARE_MEMORY_WEIGHT = 1_000;
/** In the rows before the first verdict there must have been so many observations. */
const WARM_UP_WEIGHT = 50;
/** Two angry users are no news, however content the others were: amounts of so few are left alone. */
const LEAST_AMOUNTS = 3;
/** Sizes (their logarithms) and amounts that seem not to vary may yet. */
const LEAST_VARIANCE = 0.01;
const DRIFT = 0.06;

/**
 * For means of a number of observations that differs from row to row: three failures of four calls say less than three
 * hundred of four hundred. How far the latest rows are from a robust level, in the deviations of a mean of so many.
 * Deviance residuals: McCullagh & Nelder (1989), Generalized Linear Models (2nd ed.), section 2.4.3. Constant time and memory.
 */
export function openWeightedDetector(options: WeightedDetectorOptions): WeightedDetector {
  const { kind, direction, thresholdSigmas } = options;
  const refractory = openRefractory({ rows: options.refractoryRows, share: 0 });
  const track = openTrack(options);
  return {
    next({ value, weight }) {
      const scaled = kind === "size" ? Math.log(Math.max(Number.MIN_VALUE, value)) : value;
      const { sigmas, expected } =
        weight > 0 ? track.next({ value: scaled, weight }) : { sigmas: [], expected: track.expected() };
      const unusual = Math.max(
        0,
        ...sigmas.map((one) => (direction === "up" ? one : direction === "down" ? -one : Math.abs(one))),
      );
      return verdictOf(refractory.next(unusual), { threshold: thresholdSigmas, expected });
    },
  };
}

interface Judged {
  /** By window; above 0 = more than expected. */
  readonly sigmas: readonly number[];
  readonly expected: number | null;
}

/** Follows level and dispersion of the means. */
function openTrack({ kind, warmUpRows }: Pick<WeightedDetectorOptions, "kind" | "warmUpRows">) {
  const keep = 1 - 1 / MEMORY_ROWS;
  const recent: WeightedObservation[] = [];
  const sum = { rows: 0, seen: 0, weight: 0, counted: 0, squares: 0 };
  let level = 0;
  const isWarm = (): boolean => sum.rows > warmUpRows && sum.seen > WARM_UP_WEIGHT;
  const expected = (): number | null => (isWarm() ? (kind === "size" ? Math.exp(level) : level) : null);
  const learn = ({ value, weight }: WeightedObservation, residual: number, sigmas: number): void => {
    const believed = isWarm() ? Math.min(1, CLIP_SIGMAS / Math.abs(sigmas)) : 1;
    sum.rows += 1;
    sum.seen += weight;
    const rows =
      kind === "share" ? Math.max(MEMORY_ROWS, (SHARE_MEMORY_WEIGHT * sum.rows) / sum.seen) : MEMORY_ROWS;
    sum.weight = sum.weight * (1 - 1 / rows) + weight;
    level += ((value - level) * believed * weight) / sum.weight;
    sum.counted = sum.counted * keep + 1;
    sum.squares = sum.squares * keep + (residual * believed) ** 2;
  };
  const latest = (rows: number): WeightedObservation => pooled(recent.slice(0, rows));
  const isEnough = ({ weight }: WeightedObservation): boolean => kind !== "amount" || weight >= LEAST_AMOUNTS;
  return {
    expected,
    next(row: WeightedObservation): Judged {
      if (sum.rows === 0) level = row.value;
      recent.unshift(row);
      recent.length = Math.min(recent.length, Math.max(...WINDOWS));
      // A level that was seen so often is not known better than that.
      const doubt = kind === "share" ? 1 / (2 * sum.weight + 1) : 0;
      const dispersion = sum.counted === 0 ? 1 : sum.squares / sum.counted;
      const judge = (mean: WeightedObservation) => {
        const residual = residualOf(kind, mean, level + doubt);
        return { residual, sigmas: residual / Math.sqrt(spreadOf(kind, mean.weight, dispersion)) };
      };
      const judged = {
        sigmas: isWarm()
          ? WINDOWS.map(latest)
              .filter(isEnough)
              .map((mean) => judge(mean).sigmas)
          : [],
        expected: expected(),
      };
      const { residual, sigmas } = judge(row);
      learn(row, residual, sigmas);
      return judged;
    },
  };
}

function pooled(rows: readonly WeightedObservation[]): WeightedObservation {
  let weight = 0;
  let sum = 0;
  for (const row of rows) {
    weight += row.weight;
    sum += row.value * row.weight;
  }
  return { value: sum / weight, weight };
}

/** The variance of a residual: of the observations, and of a level that drifts however many there are. */
function spreadOf(kind: WeightedKind, weight: number, dispersion: number): number {
  if (kind === "share" || kind === "count") return Math.max(1, dispersion);
  return Math.max(LEAST_VARIANCE, dispersion) + weight * DRIFT ** 2;
}
