import type { Provider } from "../../domain/catalog.ts";
import type { Objective } from "../../domain/learning.ts";
import { costOf, priceAt } from "../../domain/price.ts";
import { type BurdenFactors, burdenOf } from "./objective.ts";
import type { OutcomeSums } from "./routing-cell.ts";

/** What is believed of one provider for the requests of one tier and feature. */
export interface ArmBelief {
  readonly provider: string;
  readonly rating: number;
  /** Value of a request in stars: normal with this mean and standard error. */
  readonly value: number;
  readonly error: number;
  /** Nano-dollars that a request is expected to cost. */
  readonly cost: number;
}

export interface ArmFacts {
  readonly provider: Provider;
  readonly objective: Objective;
  readonly factors: BurdenFactors;
  /** Of the context's requests at this provider. */
  readonly here: OutcomeSums;
  /** Of all other contexts at this provider. */
  readonly elsewhere: OutcomeSums;
  /** Of all of the context's requests. */
  readonly context: OutcomeSums;
  readonly nowMs: number;
}

/** How many requests or ratings the catalog's word is worth. */
const PRIOR_REQUESTS = 20;
const PRIOR_RATINGS = 10;
/** What is liked for other features is likely to be liked for this one, but not for certain. */
const MAX_RATINGS_ELSEWHERE = 40;
const RATING_SPREAD = 0.9;
const MIN_RATING_SPREAD = 0.3;
/** Of a burden, as a share of it, before there are requests to tell. */
const BURDEN_SPREAD = 1;

/** A provider of middle quality gets so many stars, and each grade of the catalog so many more. */
const MIDDLE_GRADE = 3;
const MIDDLE_STARS = 3.8;
const STARS_PER_GRADE = 0.4;
/** Seconds of an answer at the catalog's slowest grade, and what each grade above takes. */
const SLOWEST_MS = 6_000;
const FASTER_PER_GRADE = 0.64;
const TYPICAL_INPUT_TOKENS = 500;
const TYPICAL_OUTPUT_TOKENS = 300;

/**
 * The catalog's quality, speed and price as a prior, and what became of requests on top of it. Means of many requests, so a normal
 * posterior with the sample's own spread (the conjugate one with the variance taken as known; Gelman et al. 2013, Bayesian Data
 * Analysis, 2.5).
 */
export function believe(facts: ArmFacts): ArmBelief {
  const { provider, objective, here } = facts;
  const cost = expectedCost(facts);
  const burden = believeBurden(facts);
  const rating = believeRating(facts);
  return {
    provider: provider.name,
    rating: rating.mean,
    value: objective.satisfaction * rating.mean - burden.mean,
    error: Math.hypot(objective.satisfaction * rating.error, burden.error),
    cost: (PRIOR_REQUESTS * cost + here.cost) / (PRIOR_REQUESTS + here.requests),
  };
}

interface Belief {
  readonly mean: number;
  readonly error: number;
}

function believeBurden({ provider, factors, here, ...facts }: ArmFacts): Belief {
  const latencyMs = SLOWEST_MS * FASTER_PER_GRADE ** (provider.speed - 1);
  const cost = expectedCost({ provider, ...facts });
  const prior = burdenOf({ latencyMs, cost, failed: false, poor: false }, factors);
  const count = PRIOR_REQUESTS + here.requests;
  const mean = (PRIOR_REQUESTS * prior + here.burden) / count;
  const around = here.burdenSquares - 2 * mean * here.burden + mean * mean * here.requests;
  const priorSquares = PRIOR_REQUESTS * (BURDEN_SPREAD * prior) ** 2;
  return { mean, error: Math.sqrt(Math.max(0, around + priorSquares) / count / count) };
}

function believeRating({ provider, here, elsewhere }: ArmFacts): Belief {
  const graded = MIDDLE_STARS + STARS_PER_GRADE * (provider.quality - MIDDLE_GRADE);
  const borrowed = Math.min(MAX_RATINGS_ELSEWHERE, elsewhere.ratings);
  const liked = elsewhere.ratings === 0 ? 0 : elsewhere.stars / elsewhere.ratings;
  const count = PRIOR_RATINGS + borrowed + here.ratings;
  const mean = (PRIOR_RATINGS * Math.min(5, graded) + borrowed * liked + here.stars) / count;
  return { mean, error: ratingSpread(here) / Math.sqrt(count) };
}

/** Drawn towards what is usual while there are few. */
function ratingSpread({ ratings, stars, starSquares }: OutcomeSums): number {
  const around = ratings === 0 ? 0 : starSquares - (stars * stars) / ratings;
  const variance = (PRIOR_RATINGS * RATING_SPREAD ** 2 + around) / (PRIOR_RATINGS + ratings);
  return Math.max(MIN_RATING_SPREAD, Math.sqrt(variance));
}

/** By today's price, for a request of the context's mean length. */
function expectedCost({
  provider,
  context,
  nowMs,
}: Pick<ArmFacts, "provider" | "context" | "nowMs">): number {
  const price = priceAt(provider.prices, nowMs);
  if (price === undefined) return 0;
  const { requests, inputTokens, outputTokens } = context;
  const isKnown = requests > 0 && inputTokens + outputTokens > 0;
  const usage = {
    input: Math.round(isKnown ? inputTokens / requests : TYPICAL_INPUT_TOKENS),
    cachedInput: 0,
    output: Math.round(isKnown ? outputTokens / requests : TYPICAL_OUTPUT_TOKENS),
    reasoning: 0,
  };
  return costOf(usage, price);
}
