import { ReplayError } from "./replay-error.ts";

/** Uniform in [0, 1). */
export type Random = () => number;

export interface SimulatedUser {
  readonly id: string;
  readonly tier: string;
  readonly country: string;
  readonly device: string;
}

/** A tier and its share of the users. */
export interface TierShare {
  readonly tier: string;
  readonly share: number;
}

/** User n sends in proportion to n^-0.5: the busiest of 5,000 sends about 1 in 140 requests. */
const ZIPF_EXPONENT = 0.5;
export const MAX_USERS = 200_000;

const COUNTRIES: readonly (readonly [string, number])[] = [
  ["US", 38],
  ["DE", 17],
  ["GB", 14],
  ["FR", 9],
  ["BR", 8],
  ["IN", 8],
  ["JP", 6],
];
const DEVICES: readonly (readonly [string, number])[] = [
  ["ios", 46],
  ["android", 38],
  ["web", 16],
];
const FEATURES: readonly (readonly [string, number])[] = [
  ["workout-plan", 34],
  ["general-advice", 30],
  ["meal-plan", 18],
  ["form-check", 11],
  ["progress-review", 7],
];

/**
 * Users `replay-1` (the busiest) to `replay-<count>`. Tiers follow in the order of the mix, so that its first tier
 * gets the busiest users, as people who use a product much pay for it. A user's country and device never change.
 */
export function makePopulation(count: number, mix: readonly TierShare[], random: Random): SimulatedUser[] {
  const total = mix.reduce((sum, { share }) => sum + share, 0);
  return Array.from({ length: count }, (_, index) => {
    let rest = (index / count) * total;
    const found = mix.find(({ share }) => {
      rest -= share;
      return rest < 0;
    });
    return {
      id: `replay-${index + 1}`,
      tier: (found ?? mix.at(-1))?.tier ?? "",
      country: pickWeighted(COUNTRIES, random),
      device: pickWeighted(DEVICES, random),
    };
  });
}

/** The index of the user who sends the next request. */
export function makeUserPicker(count: number, random: Random): () => number {
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    total += rank ** -ZIPF_EXPONENT;
    cumulative[rank - 1] = total;
  }
  return () => firstAbove(cumulative, random() * total);
}

export function pickFeature(random: Random): string {
  return pickWeighted(FEATURES, random);
}

/** "unlimited=5,premium=35,free=60", busiest first; throws {@link ReplayError}. */
export function parseTierMix(text: string): TierShare[] {
  const mix = text.split(",").map((part) => {
    const [, tier, share] = /^\s*([a-z0-9][a-z0-9._-]*)\s*[=:]\s*(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    if (tier === undefined) {
      throw new ReplayError(`the tier mix must be like "unlimited=5,premium=35,free=60", not "${text}"`);
    }
    return { tier, share: Number(share) };
  });
  if (mix.every(({ share }) => share === 0)) throw new ReplayError("the tier mix has no share above 0");
  return mix;
}

function pickWeighted(items: readonly (readonly [string, number])[], random: Random): string {
  let rest = random() * items.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of items) {
    rest -= weight;
    if (rest < 0) return item;
  }
  return items.at(-1)?.[0] ?? "";
}

function firstAbove(cumulative: Float64Array, target: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
