/** Requests are routed alike by tier and feature, and by whether it is a peak hour. */
export interface RoutingContext {
  readonly tier: string;
  readonly feature: string;
}

/** Sums over requests. Money in nano-dollars; burdens in stars (`objective.ts`). */
export interface OutcomeSums {
  readonly requests: number;
  readonly cost: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly burden: number;
  readonly burdenSquares: number;
  /** Of the rated ones: how many, their stars, the burdens of the same requests and the products of both. */
  readonly ratings: number;
  readonly stars: number;
  readonly starSquares: number;
  readonly ratedBurden: number;
  readonly ratedProducts: number;
}

/**
 * What became of requests that had the same chance of going to one provider first. Only sums, so that the warehouse can make them
 * of any number of requests.
 */
export interface RoutingCell extends RoutingContext, OutcomeSums {
  readonly peak: boolean;
  /** Where the request went first, whoever answered in the end. */
  readonly provider: string;
  /** Probability with which the routing chose it; 1 = it had no choice. */
  readonly propensity: number;
}

const SUMS = [
  "requests",
  "cost",
  "inputTokens",
  "outputTokens",
  "burden",
  "burdenSquares",
  "ratings",
  "stars",
  "starSquares",
  "ratedBurden",
  "ratedProducts",
] as const satisfies readonly (keyof OutcomeSums)[];

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function sumOutcomes(parts: Iterable<OutcomeSums>): OutcomeSums {
  const total = noOutcomes();
  for (const part of parts) addOutcomes(total, part);
  return total;
}

export function noOutcomes(): Writable<OutcomeSums> {
  return {
    requests: 0,
    cost: 0,
    inputTokens: 0,
    outputTokens: 0,
    burden: 0,
    burdenSquares: 0,
    ratings: 0,
    stars: 0,
    starSquares: 0,
    ratedBurden: 0,
    ratedProducts: 0,
  };
}

export function addOutcomes(total: Writable<OutcomeSums>, part: OutcomeSums): void {
  for (const name of SUMS) total[name] += part[name];
}

/** One request as sums. `rating`: 0 = nobody has rated it. */
export function outcomeSums(one: {
  readonly cost: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly burden: number;
  readonly rating: number;
}): OutcomeSums {
  const { cost, inputTokens, outputTokens, burden, rating } = one;
  const rated = rating > 0 ? 1 : 0;
  return {
    requests: 1,
    cost,
    inputTokens,
    outputTokens,
    burden,
    burdenSquares: burden * burden,
    ratings: rated,
    stars: rating,
    starSquares: rating * rating,
    ratedBurden: rated * burden,
    ratedProducts: rating * burden,
  };
}
