import type { Feature, Tier } from "../../domain/catalog.ts";
import type { TokenUsage } from "../../domain/price.ts";
import { AUTO_MODEL } from "../../policy/route.ts";
import { type AskedFeature, drawUsage, NAMED_MODEL_SHARE } from "../draw-request.ts";
import type { Incident } from "../incident.ts";
import { type Random, streamOf, weightedChoice } from "../random.ts";
import { hashOf } from "./hash.ts";

/** A request before anybody has decided what becomes of it: the same one in every arm. */
export interface Ask {
  readonly ts: number;
  /** 0-23 in the catalog's time zone. */
  readonly hourOfDay: number;
  readonly userId: string;
  readonly tier: string;
  readonly feature: string;
  /** `auto`, or the name of a provider. */
  readonly requestedModel: string;
  /** What is asked: who asks the same may get the same answer. */
  readonly prompt: string;
  /** Of this prompt, whoever answers it. */
  readonly usage: TokenUsage;
  /** What chance has in store for it, whoever answers: seed of its failures, times and rating. */
  readonly luck: number;
  readonly incidents: readonly Incident[];
}

export interface AskingMoment {
  readonly ts: number;
  readonly hourOfDay: number;
  readonly tier: Tier;
  readonly userId: string;
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly incidents: readonly Incident[];
}

/**
 * What people ask the world, such as general advice: popularity falls with the rank as Zipf's law says, with the exponent that
 * requests to the Web have (0.64 to 0.83: Breslau, Cao, Fan, Phillips & Shenker (1999), "Web caching and Zipf-like distributions",
 * INFOCOM, table 1).
 */
const ZIPF_EXPONENT = 0.8;
const SHARED_PROMPTS = 2_000;
/** What a person asks for himself: some things a day, and those again. */
const OWN_PROMPTS = 4;
const PROMPT_STREAM = 21;

/** Draws requests; two prompts of one text are of one length. */
export function openAsking(seed: number, featureOf: (draw: number) => AskedFeature) {
  const sharedRank = zipfRank(SHARED_PROMPTS);
  const ownRank = zipfRank(OWN_PROMPTS);

  const promptOf = (
    { cacheMinutes, cacheScope }: Feature,
    { userId, day, ts }: AskingMoment,
    random: Random,
  ): string => {
    if (cacheMinutes === 0) return `once/${userId}/${ts}`;
    return cacheScope === "shared"
      ? `shared/${sharedRank(random())}`
      : `${userId}/${day}/${ownRank(random())}`;
  };
  return (moment: AskingMoment, random: Random): Ask => {
    const asked = featureOf(random());
    const { ts, hourOfDay, tier, userId, incidents } = moment;
    const isLonger = incidents.some(({ kind }) => kind === "cost-spike");
    const prompt = `${asked.feature.name}/${promptOf(asked.feature, moment, random)}${isLonger ? "/long" : ""}`;
    const ofPrompt = streamOf(seed, PROMPT_STREAM, hashOf(prompt));
    return {
      ts,
      hourOfDay,
      userId,
      tier: tier.name,
      feature: asked.feature.name,
      requestedModel: random() < NAMED_MODEL_SHARE ? nameOf(tier, random) : AUTO_MODEL,
      prompt,
      usage: drawUsage({ reasons: true }, { asked, moment: { tier, incidents } }, ofPrompt),
      luck: Math.floor(random() * 2 ** 32),
      incidents,
    };
  };
}

function nameOf({ allowedProviders }: Tier, random: Random): string {
  return allowedProviders[Math.floor(random() * allowedProviders.length)] ?? AUTO_MODEL;
}

function zipfRank(ranks: number): (draw: number) => number {
  return weightedChoiceOf(Array.from({ length: ranks }, (_, rank) => 1 / (rank + 1) ** ZIPF_EXPONENT));
}

/** Among few by a walk, among many by bisection. */
function weightedChoiceOf(weights: readonly number[]): (draw: number) => number {
  if (weights.length <= OWN_PROMPTS)
    return weightedChoice(weights.map((weight, rank) => [rank, weight] as const));
  let sum = 0;
  const edges = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  return (draw) => {
    let low = 0;
    let high = edges.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] ?? 0) > draw * sum) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
