/** Factors whose product is a total, such as users x requests of a user x dollars of a request. */
export interface Factor {
  readonly name: string;
  readonly actual: number;
  readonly expected: number;
}

export interface Driver {
  readonly name: string;
  /** actual / expected of the factor. */
  readonly ratio: number;
  /** Of the difference of the product; they sum to 1. */
  readonly explained: number;
}

/**
 * How much each factor has to do with the change of a product, the most first: its share of the logarithm of the ratio,
 * which leaves no remainder. Empty where a factor is 0 or nothing has changed.
 * Ang (2004), "Decomposition analysis for policymaking in energy", Energy Policy 32, section 4 (LMDI).
 */
export function findDrivers(factors: readonly Factor[]): Driver[] {
  if (factors.some(({ actual, expected }) => !(actual > 0 && expected > 0))) return [];
  const logs = factors.map(({ actual, expected }) => Math.log(actual / expected));
  const total = logs.reduce((sum, log) => sum + log, 0);
  if (Math.abs(total) < Number.EPSILON) return [];
  return factors
    .map(({ name, actual, expected }, index) => ({
      name,
      ratio: actual / expected,
      explained: (logs[index] ?? 0) / total,
    }))
    .sort((a, b) => b.explained - a.explained);
}
