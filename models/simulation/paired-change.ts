/** By how much the same requests differ under other controls. */
export interface PairedChange {
  /** Of one request, on average. */
  readonly mean: number;
  /** The standard error of that mean: how far chance alone may carry it. */
  readonly error: number;
  /** Requests. */
  readonly pairs: number;
}

export interface PairedTally {
  add(change: number): void;
  /** Null: fewer than two pairs tell no error. */
  result(): PairedChange | null;
}

/** Each request is compared with itself, so that what differs between requests is in no difference (paired differences). */
export function openPairedTally(): PairedTally {
  let pairs = 0;
  let mean = 0;
  let squares = 0;
  return {
    // Welford's algorithm: sums of squares of large costs would lose their digits.
    add(change) {
      pairs += 1;
      const before = change - mean;
      mean += before / pairs;
      squares += before * (change - mean);
    },
    result: () => (pairs < 2 ? null : { mean, error: Math.sqrt(squares / (pairs - 1) / pairs), pairs }),
  };
}
