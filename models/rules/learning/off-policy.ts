import type { RoutingCell } from "./routing-cell.ts";

/** With which probability a routing would send such a request to that provider first. */
export type RoutingPolicy = (cell: Pick<RoutingCell, "tier" | "feature" | "peak" | "provider">) => number;

/** The value of one routing less that of another, in stars a request. */
export interface PolicyComparison {
  readonly estimate: number;
  /** One standard error. */
  readonly error: number;
  /** Of so many requests and ratings would a plain mean be as sure: the less certain of the two routings. */
  readonly effectiveRequests: number;
  readonly effectiveRatings: number;
}

/** Fewer say nothing, however small their standard error is by chance. */
export const MIN_EFFECTIVE_REQUESTS = 100;
export const MIN_EFFECTIVE_RATINGS = 20;

/**
 * What a routing would have been worth on requests that another one has routed by chance, against what the present one would have
 * been: self-normalised inverse propensity scoring (Swaminathan & Joachims 2015, The Self-Normalized Estimator for Counterfactual
 * Learning, NIPS 28). The standard error is that of the difference, by the delta method (Owen 2013, Monte Carlo theory, methods and
 * examples, 9.2), since both are estimated on the same requests; the effective sample size is Kong's (1992, there 9.3).
 *
 * Only requests with a choice count (0 < propensity < 1). Satisfaction is known of rated requests alone: whether one is rated must
 * not depend on more than the provider. Null: too few.
 */
export function comparePolicies(
  cells: readonly RoutingCell[],
  policies: { readonly proposed: RoutingPolicy; readonly present: RoutingPolicy },
  satisfaction: number,
): PolicyComparison | null {
  const random = cells.filter(({ propensity }) => propensity > 0 && propensity < 1);
  const proposed = weigh(random, policies.proposed);
  const present = weigh(random, policies.present);
  const effectiveRequests = Math.min(proposed.effectiveRequests, present.effectiveRequests);
  const effectiveRatings = Math.min(proposed.effectiveRatings, present.effectiveRatings);
  if (effectiveRequests < MIN_EFFECTIVE_REQUESTS || effectiveRatings < MIN_EFFECTIVE_RATINGS) return null;
  const worthOf = ({ rating, burden }: Weighed) => satisfaction * rating - burden;
  const squares = random.reduce((sum, cell) => {
    const [a, b] = [proposed.influenceOn(cell), present.influenceOn(cell)];
    return (
      sum +
      squaredInfluence(cell, {
        perStar: satisfaction * (a.perStar - b.perStar),
        perRated: satisfaction * (a.perRated - b.perRated),
        perBurden: a.perBurden - b.perBurden,
        perRequest: a.perRequest - b.perRequest,
      })
    );
  }, 0);
  return {
    estimate: worthOf(proposed) - worthOf(present),
    error: Math.sqrt(Math.max(0, squares)),
    effectiveRequests,
    effectiveRatings,
  };
}

/** What one request adds to an estimate is `perStar * stars + perRated` if it is rated, plus `perBurden * burden + perRequest`. */
interface Influence {
  readonly perStar: number;
  readonly perRated: number;
  readonly perBurden: number;
  readonly perRequest: number;
}

interface Weighed {
  readonly rating: number;
  readonly burden: number;
  readonly effectiveRequests: number;
  readonly effectiveRatings: number;
  influenceOn(cell: RoutingCell): Influence;
}

function weigh(cells: readonly RoutingCell[], policy: RoutingPolicy): Weighed {
  const sums = { weights: 0, squares: 0, burden: 0, ratedWeights: 0, ratedSquares: 0, stars: 0 };
  const weightOf = (cell: RoutingCell): number => policy(cell) / cell.propensity;
  for (const cell of cells) {
    const weight = weightOf(cell);
    sums.weights += weight * cell.requests;
    sums.squares += weight * weight * cell.requests;
    sums.burden += weight * cell.burden;
    sums.ratedWeights += weight * cell.ratings;
    sums.ratedSquares += weight * weight * cell.ratings;
    sums.stars += weight * cell.stars;
  }
  const rating = ratio(sums.stars, sums.ratedWeights);
  const burden = ratio(sums.burden, sums.weights);
  return {
    rating,
    burden,
    effectiveRequests: ratio(sums.weights ** 2, sums.squares),
    effectiveRatings: ratio(sums.ratedWeights ** 2, sums.ratedSquares),
    influenceOn(cell) {
      const ofRatings = ratio(weightOf(cell), sums.ratedWeights);
      const ofRequests = ratio(weightOf(cell), sums.weights);
      return {
        perStar: ofRatings,
        perRated: -ofRatings * rating,
        perBurden: -ofRequests,
        perRequest: ofRequests * burden,
      };
    },
  };
}

/** The sum over a cell's requests of the squares of what each adds, out of the cell's sums. */
function squaredInfluence(
  cell: RoutingCell,
  { perStar, perRated, perBurden, perRequest }: Influence,
): number {
  const { requests, burden, burdenSquares, ratings, stars, starSquares, ratedBurden, ratedProducts } = cell;
  const ofRatings = perStar ** 2 * starSquares + 2 * perStar * perRated * stars + perRated ** 2 * ratings;
  const ofRequests =
    perBurden ** 2 * burdenSquares + 2 * perBurden * perRequest * burden + perRequest ** 2 * requests;
  const ofBoth =
    perStar * perBurden * ratedProducts +
    perStar * perRequest * stars +
    perRated * perBurden * ratedBurden +
    perRated * perRequest * ratings;
  return ofRatings + ofRequests + 2 * ofBoth;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
