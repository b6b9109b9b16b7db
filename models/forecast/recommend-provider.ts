import type { Recommendation } from "./recommendation.ts";

/** What one feature's requests cost at one provider lately. */
export interface FeatureUsage {
  readonly feature: string;
  /** Whose requests they are: it says which providers may serve them. */
  readonly tier: string;
  readonly provider: string;
  readonly calls: number;
  /** Nano-dollars. */
  readonly cost: number;
  /** The same calls at each other provider that may serve them, by today's prices. */
  readonly costAt: ReadonlyMap<string, number>;
}

export interface ProviderFacts {
  readonly usage: readonly FeatureUsage[];
  /** 1 (poor) to 5 (best), by provider. */
  readonly quality: ReadonlyMap<string, number>;
  /** Expected calls of the next 30 days / calls of the usage. */
  readonly growth: number;
}

/** The share of the calls that a first step moves. */
const MOVED_SHARE = 0.5;
/** A worse quality than by this much is no fair exchange. */
const MAX_QUALITY_LOSS = 1;
/** Less is not worth a change: of the cost of the usage. */
const MIN_SAVED_SHARE = 0.1;
const MIN_CALLS = 100;
export const MAX_RECOMMENDATIONS = 5;

/** Moves of a feature's calls to a cheaper provider, the largest saving first; one for each feature, tier and provider. */
export function recommendProviders({ usage, quality, growth }: ProviderFacts): Recommendation[] {
  return usage
    .filter(({ calls, cost }) => calls >= MIN_CALLS && cost > 0)
    .flatMap((one) => {
      const best = bestMove(one, quality);
      return best === null ? [] : [recommendationOf(one, best, growth)];
    })
    .sort((a, b) => (b.savedIn30Days ?? 0) - (a.savedIn30Days ?? 0))
    .slice(0, MAX_RECOMMENDATIONS);
}

interface Move {
  readonly to: string;
  readonly savedShare: number;
  readonly qualityChange: number;
}

function bestMove(
  { provider, cost, costAt }: FeatureUsage,
  quality: ReadonlyMap<string, number>,
): Move | null {
  let best: Move | null = null;
  for (const [to, costThere] of costAt) {
    const qualityChange = (quality.get(to) ?? 0) - (quality.get(provider) ?? 0);
    const savedShare = 1 - costThere / cost;
    if (to === provider || qualityChange < -MAX_QUALITY_LOSS || savedShare < MIN_SAVED_SHARE) continue;
    if (best === null || savedShare > best.savedShare) best = { to, savedShare, qualityChange };
  }
  return best;
}

function recommendationOf(
  { feature, tier, provider, calls, cost }: FeatureUsage,
  { to, savedShare, qualityChange }: Move,
  growth: number,
): Recommendation {
  const saved = Math.round(cost * growth * savedShare * MOVED_SHARE);
  return {
    kind: "provider",
    subject: feature,
    advice: `Move ${MOVED_SHARE * 100} % of ${feature} of tier ${tier} from ${provider} to ${to}: calls cost ${Math.round(savedShare * 100)} % less there, at ${qualityWords(qualityChange)}.`,
    confidence: calls / (calls + MIN_CALLS),
    savedIn30Days: saved,
    evidence: { tier, from: provider, to, movedShare: MOVED_SHARE, calls, cost, savedShare, qualityChange },
  };
}

function qualityWords(change: number): string {
  if (change === 0) return "the same quality";
  return `a quality that is ${Math.abs(change)} ${change > 0 ? "better" : "worse"} (of 5)`;
}
