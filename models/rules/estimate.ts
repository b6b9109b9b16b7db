/** What a sample says of a metric: with 95 % certainty its true value lies from `low` to `high`. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Requests, answers or users that it is taken from. */
  readonly sample: number;
}

/** Smaller samples say too little to act on, by the kind of metric. */
export const MIN_SAMPLE = {
  /** A share of requests is then known to 14 percentage points at worst. */
  share: 50,
  /** The mean of requests' costs; where the normal approximation begins to hold. */
  mean: 30,
  /** Users, each of whom counts once however often they rate: a single one moves the mean by 0.4 stars at most. */
  raters: 10,
  /** Below 73 answers, no order statistic bounds the 95th percentile from above; from 100 on, not even the slowest one is needed. */
  percentile95: 100,
} as const;

/** Of a normal distribution: 95 % lie within so many standard errors. */
export const Z = 1.96;

/** A share of independent requests, by Wilson's score interval; null: the sample is too small. */
export function estimateShare(part: number, whole: number): Estimate | null {
  if (whole < MIN_SAMPLE.share) return null;
  const value = part / whole;
  const scale = 1 + Z ** 2 / whole;
  const middle = (value + Z ** 2 / (2 * whole)) / scale;
  const half = (Z / scale) * Math.sqrt((value * (1 - value)) / whole + Z ** 2 / (4 * whole ** 2));
  return { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half), sample: whole };
}

export interface Sums {
  readonly count: number;
  readonly sum: number;
  /** Of the squares. */
  readonly squares: number;
}

/** A mean of independent values; null: the sample is smaller than `least`. */
export function estimateMean({ count, sum, squares }: Sums, least: number): Estimate | null {
  if (count < least || count === 0) return null;
  const value = sum / count;
  const half = Z * Math.sqrt(Math.max(0, squares / count - value ** 2) / count);
  return { value, low: value - half, high: value + half, sample: count };
}

/** Users' mean ratings: each user counts once, so that one who rates often says no more than another. */
export function sumByRater(ratings: Iterable<{ readonly user_id: string; readonly rating: number }>): Sums {
  const byUser = new Map<string, { readonly stars: number; readonly count: number }>();
  for (const { user_id: user, rating } of ratings) {
    const { stars, count } = byUser.get(user) ?? { stars: 0, count: 0 };
    byUser.set(user, { stars: stars + rating, count: count + 1 });
  }
  const means = [...byUser.values()].map(({ stars, count }) => stars / count);
  return {
    count: means.length,
    sum: means.reduce((total, mean) => total + mean, 0),
    squares: means.reduce((total, mean) => total + mean ** 2, 0),
  };
}

/** The same number in another unit. */
export function scaleEstimate(estimate: Estimate | null, factor: number): Estimate | null {
  if (estimate === null) return null;
  const { value, low, high, sample } = estimate;
  return { value: value * factor, low: low * factor, high: high * factor, sample };
}
