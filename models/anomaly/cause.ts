/** One part of a total, now and as it was expected to be: a provider, tier, feature or country. */
export interface PartDifference {
  /** What it is a part by, such as `provider`. */
  readonly dimension: string;
  readonly part: string;
  readonly actual: number;
  readonly expected: number;
}

export interface Cause {
  readonly dimension: string;
  readonly part: string;
  /** actual - expected of the part. */
  readonly difference: number;
  /** Of the difference of the total; above 1 when other parts went the other way. */
  readonly explained: number;
  /** How much the part's share of the total has moved, in bits of surprise; 0 = all parts moved alike. */
  readonly surprise: number;
}

/** A part that explains less than this of the difference is no cause. */
const MIN_EXPLAINED = 0.1;
export const MAX_CAUSES = 5;

/**
 * Which parts explain why a total is not as expected, the best explanation first. A cause explains much of the
 * difference, and its share of the total is not what it was: where everything doubled, no part stands out.
 * Explanatory power and surprise: Bhagwan et al. (2014), "Adtributor: revenue debugging in advertising systems",
 * NSDI, sections 3.2 and 3.3.
 */
export function findCauses(parts: readonly PartDifference[]): Cause[] {
  const dimensions = new Map<string, PartDifference[]>();
  for (const part of parts) dimensions.set(part.dimension, [...(dimensions.get(part.dimension) ?? []), part]);
  return [...dimensions.values()]
    .flatMap(causesIn)
    .filter(({ explained }) => explained >= MIN_EXPLAINED)
    .sort((a, b) => strength(b) - strength(a) || compare(a, b))
    .slice(0, MAX_CAUSES);
}

function causesIn(parts: readonly PartDifference[]): Cause[] {
  const actual = parts.reduce((sum, one) => sum + one.actual, 0);
  const expected = parts.reduce((sum, one) => sum + one.expected, 0);
  const difference = actual - expected;
  if (difference === 0) return [];
  return parts.map((one) => ({
    dimension: one.dimension,
    part: one.part,
    difference: one.actual - one.expected,
    explained: (one.actual - one.expected) / difference,
    surprise: divergence(shareOf(one.expected, expected), shareOf(one.actual, actual)),
  }));
}

function shareOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.max(0, part) / whole;
}

/** Jensen-Shannon, of one share. */
function divergence(before: number, after: number): number {
  const middle = (before + after) / 2;
  const term = (share: number): number => (share === 0 ? 0 : share * Math.log2(share / middle));
  return Math.max(0, (term(before) + term(after)) / 2);
}

/** A part that explains all of it counts for what it explains; beyond that only surprise tells. */
function strength({ explained, surprise }: Cause): number {
  return Math.min(1, explained) * surprise;
}

function compare(a: Cause, b: Cause): number {
  return `${a.dimension}=${a.part}` < `${b.dimension}=${b.part}` ? -1 : 1;
}
