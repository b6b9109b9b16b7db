import type { Catalog, Provider } from "../domain/catalog.ts";
import { NO_TOKENS, type TokenUsage } from "../domain/price.ts";
import type { PastRequest } from "./past-request.ts";
import { behaviourOf } from "./provider-behaviour.ts";

/** What the past says of things that the replay must guess: answers that were never given, providers that were not asked. */
export interface Profile {
  /** The mean tokens of a feature's requests in a tier; of all requests where there were none. */
  tokensOf(tier: string, feature: string): TokenUsage;
  /** Mean milliseconds of an answer of a provider. */
  latencyOf(provider: string): number;
  /** What users would think of its answers, 1 to 5; what few have rated is drawn to what its quality lets expect. */
  ratingOf(provider: string): number;
  /** Hits / answers of a feature under the recorded controls, 0 to 1. */
  hitRateOf(feature: string): number;
  readonly cachedLatencyMs: number;
  readonly ratings: number;
}

/** So many ratings weigh as much as what is expected of a provider's quality. */
const PRIOR_RATINGS = 20;
/** What a step of the catalog's quality adds to a rating, as long as nothing else is known. */
const RATING_PER_QUALITY = 0.48;
/** What is expected of a mean answer before anybody has rated one. */
const PRIOR_MEAN_RATING = 4.2;
const TYPICAL_USAGE: TokenUsage = { ...NO_TOKENS, input: 500, output: 300 };
const CACHED_LATENCY_MS = 5;

export function profileOf(events: readonly PastRequest[], catalog: Catalog): Profile {
  const providers = new Map<string, ProviderTally>();
  const features = new Map<string, { answers: number; hits: number }>();
  const tokens = new Map<string, TokenTally>();
  const all = emptyTokens();
  const overall = { ratings: 0, ratingSum: 0, qualitySum: 0 };
  for (const event of events) {
    if (event.outcome === "cached" || event.outcome === "ok") {
      const feature = entry(features, event.feature, () => ({ answers: 0, hits: 0 }));
      feature.answers += 1;
      if (event.outcome === "cached") feature.hits += 1;
    }
    if (event.outcome !== "ok") continue;
    addTokens(all, event);
    addTokens(entry(tokens, `${event.tier} ${event.feature}`, emptyTokens), event);
    const provider = entry(providers, event.provider, emptyProvider);
    provider.answers += 1;
    provider.latencySum += event.latency_ms;
    if (event.rating === 0) continue;
    provider.ratings += 1;
    provider.ratingSum += event.rating;
    overall.ratings += 1;
    overall.ratingSum += event.rating;
    overall.qualitySum += catalog.providers.get(event.provider)?.quality ?? 0;
  }
  return {
    tokensOf: (tier, feature) => meanTokens(tokens.get(`${tier} ${feature}`) ?? all),
    latencyOf: remembered((name) => latencyOf(name, providers, catalog)),
    ratingOf: remembered((name) => {
      const { quality } = catalog.providers.get(name) ?? { quality: 0 };
      return ratingOf(providers.get(name) ?? emptyProvider(), quality, overall);
    }),
    hitRateOf(feature) {
      const seen = features.get(feature);
      return seen === undefined ? 0 : seen.hits / seen.answers;
    },
    cachedLatencyMs: CACHED_LATENCY_MS,
    ratings: overall.ratings,
  };
}

interface ProviderTally {
  answers: number;
  latencySum: number;
  ratings: number;
  ratingSum: number;
}

const emptyProvider = (): ProviderTally => ({ answers: 0, latencySum: 0, ratings: 0, ratingSum: 0 });

interface TokenTally {
  requests: number;
  input: number;
  cachedInput: number;
  output: number;
  reasoning: number;
}

const emptyTokens = (): TokenTally => ({ requests: 0, input: 0, cachedInput: 0, output: 0, reasoning: 0 });

function addTokens(tally: TokenTally, event: PastRequest): void {
  tally.requests += 1;
  tally.input += event.input_tokens;
  tally.cachedInput += event.cached_input_tokens;
  tally.output += event.output_tokens;
  tally.reasoning += event.reasoning_tokens;
}

function meanTokens({ requests, input, cachedInput, output, reasoning }: TokenTally): TokenUsage {
  if (requests === 0) return TYPICAL_USAGE;
  return {
    input: Math.round(input / requests),
    cachedInput: Math.round(cachedInput / requests),
    output: Math.round(output / requests),
    reasoning: Math.round(reasoning / requests),
  };
}

/** A provider that was never asked is as fast as its grade, at the pace of those that were. */
function latencyOf(name: string, tallies: ReadonlyMap<string, ProviderTally>, catalog: Catalog): number {
  const own = tallies.get(name);
  if (own !== undefined && own.answers > 0) return own.latencySum / own.answers;
  const asked = catalog.providers.get(name);
  let actual = 0;
  let graded = 0;
  for (const [other, { answers, latencySum }] of tallies) {
    const provider = catalog.providers.get(other);
    if (provider === undefined) continue;
    actual += latencySum;
    graded += answers * gradedLatencyMs(provider);
  }
  const pace = graded > 0 ? actual / graded : 1;
  return asked === undefined ? 0 : gradedLatencyMs(asked) * pace;
}

function gradedLatencyMs(provider: Provider): number {
  const { firstTokenMs, tokensPerSecond } = behaviourOf(provider);
  return firstTokenMs + (TYPICAL_USAGE.output * 1000) / tokensPerSecond;
}

function ratingOf(
  { ratings, ratingSum }: ProviderTally,
  quality: number,
  overall: { readonly ratings: number; readonly ratingSum: number; readonly qualitySum: number },
): number {
  const isKnown = overall.ratings > 0;
  const mean = isKnown ? overall.ratingSum / overall.ratings : PRIOR_MEAN_RATING;
  const meanQuality = isKnown ? overall.qualitySum / overall.ratings : 4;
  const prior = Math.min(5, Math.max(1, mean + RATING_PER_QUALITY * (quality - meanQuality)));
  return (ratingSum + PRIOR_RATINGS * prior) / (ratings + PRIOR_RATINGS);
}

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function remembered(compute: (name: string) => number): (name: string) => number {
  const known = new Map<string, number>();
  return (name) => {
    const value = known.get(name) ?? compute(name);
    known.set(name, value);
    return value;
  };
}
