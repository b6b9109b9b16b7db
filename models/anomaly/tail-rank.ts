/** How unusual a size is among the sizes before it, of one series. Bounded memory. */
export interface TailRank {
  /** -log10 of the share of earlier sizes at least as large; beyond the largest one, more by how far. */
  score(size: number): number;
  add(size: number): void;
}

/** Only the tail matters: what is smaller than that many others is nothing special. */
const KEPT = 300;
/** Beyond the largest size so far: score for each tenfold of it. A heavy tail (index 12) seldom goes there by chance. */
const SCORE_PER_DECADE = 12;
/** From so few sizes nothing can be said of a tail. */
const MIN_SEEN = 12;

/**
 * Empirical tail probability, continued beyond the largest size by a Pareto tail.
 * Self-ranking: Ahmad, Lavin, Purdy & Agha (2017), "Unsupervised real-time anomaly detection for streaming data",
 * Neurocomputing 262, section 3 (likelihood instead of raw error); tails beyond the sample: Siffer, Fouque, Termier &
 * Largouet (2017), "Anomaly detection in streams with extreme value theory", KDD, section 4.
 */
export function openTailRank(): TailRank {
  /** The largest ones, descending. */
  const largest: number[] = [];
  let seen = 0;
  return {
    score(size) {
      if (seen < MIN_SEEN) return 0;
      const above = countAbove(largest, size);
      const top = largest[0] ?? 0;
      const beyond = size > top && top > 0 ? SCORE_PER_DECADE * Math.log10(size / top) : 0;
      return Math.log10((seen + 1) / (above + 1)) + beyond;
    },
    add(size) {
      seen += 1;
      const place = countAbove(largest, size);
      if (place >= KEPT) return;
      largest.splice(place, 0, size);
      if (largest.length > KEPT) largest.pop();
    },
  };
}

/** How many are at least as large. */
function countAbove(descending: readonly number[], size: number): number {
  let low = 0;
  let high = descending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((descending[middle] ?? Number.NEGATIVE_INFINITY) >= size) low = middle + 1;
    else high = middle;
  }
  return low;
}
