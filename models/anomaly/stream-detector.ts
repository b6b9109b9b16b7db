import { openExpectation } from "./expectation.ts";
import { openRefractory } from "./refractory.ts";
import { openTailRank } from "./tail-rank.ts";
import { type Detector, verdictOf } from "./verdict.ts";

/** Rows over which the level of the last while is a mean. */
const SHORT_ROWS = 36;
/** Rows that the usual deviation from the season is a mean of. */
const LONG_ROWS = 500;
/** Chosen on the public part of the Numenta benchmark; see README.md. */
const THRESHOLD = 3.45;
const REFRACTORY = { rows: 100, share: 0.02 };

/**
 * For values that come every few minutes or hours. Three sizes are ranked among their own past: how far the value
 * is from what was expected, how far the last while is from the season, and how far the value is from the one before.
 * The most unusual one counts. Constant time and memory for each value.
 */
export function openStreamDetector({ intervalMs }: { readonly intervalMs: number }): Detector {
  const expectation = openExpectation(intervalMs);
  const deviation = openSlowDeviation();
  const ranks = [openTailRank(), openTailRank(), openTailRank()] as const;
  const refractory = openRefractory(REFRACTORY);
  let before: number | null = null;
  return {
    next({ timeMs, value }) {
      const { best, daily } = expectation.at(timeMs, value);
      const sizes = [value - best, deviation.next(value - daily), value - (before ?? value)];
      let unusual = 0;
      for (const [index, size] of sizes.entries()) {
        const rank = ranks[index];
        unusual = Math.max(unusual, rank?.score(Math.abs(size)) ?? 0);
        rank?.add(Math.abs(size));
      }
      expectation.learn(timeMs, value);
      before = value;
      return verdictOf(refractory.next(unusual), { threshold: THRESHOLD, expected: best });
    },
  };
}

/** How far the mean of the last while is from the mean of a long while: a change that no single value shows. */
function openSlowDeviation() {
  let short = 0;
  let long = 0;
  return {
    next(deviation: number): number {
      short += (deviation - short) / SHORT_ROWS;
      const size = short - long;
      long += (deviation - long) / LONG_ROWS;
      return size;
    },
  };
}
