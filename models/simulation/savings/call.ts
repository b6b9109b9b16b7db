import type { Catalog, Provider } from "../../domain/catalog.ts";
import { RATED_SHARE } from "../draw-feedback.ts";
import type { Incident } from "../incident.ts";
import {
  behaviourOf,
  drawFailure,
  drawRating,
  drawTimes,
  type ProviderBehaviour,
} from "../provider-behaviour.ts";
import { streamOf } from "../random.ts";
import type { Ask } from "./ask.ts";
import { hashOf } from "./hash.ts";

export interface Call {
  readonly failed: boolean;
  readonly ms: number;
}

/** How good an answer is, and by how much users like it less than it deserves: kept with it in the cache. */
export interface AnswerQuality {
  readonly quality: number;
  readonly lowered: number;
}

/** Providers as they behave, where one request meets the same fate at the same provider in every arm. */
export interface Providers {
  call(ask: Ask, provider: Provider): Call;
  qualityOf(provider: Provider, incidents: readonly Incident[]): AnswerQuality;
}

const RATING_STREAM = 31;

export function openProviders({ providers }: Catalog): Providers {
  const known = new Map<string, { readonly behaviour: ProviderBehaviour; readonly stream: number }>();
  for (const provider of providers.values()) {
    known.set(provider.name, { behaviour: behaviourOf(provider), stream: hashOf(provider.name) });
  }
  return {
    call(ask, provider) {
      const { behaviour, stream } = known.get(provider.name) ?? {
        behaviour: behaviourOf(provider),
        stream: hashOf(provider.name),
      };
      const random = streamOf(ask.luck, stream);
      const failure = drawFailure(behaviour, ask.incidents, random);
      if (failure !== null) return { failed: true, ms: failure.ms };
      const outputTokens = ask.usage.output + ask.usage.reasoning;
      return {
        failed: false,
        ms: drawTimes(behaviour, { outputTokens, incidents: ask.incidents }, random).totalMs,
      };
    },
    qualityOf({ name, quality }, incidents) {
      const drop = incidents.find(({ kind, subject }) => kind === "quality-drop" && subject === name);
      return { quality, lowered: drop?.factor ?? 0 };
    },
  };
}

/** What the user thinks of an answer, and whether he says so: by the same chance in every arm. */
export function judge(
  { luck }: Ask,
  answer: AnswerQuality & { readonly latencyMs: number },
): { readonly liked: number; readonly rating: number } {
  const random = streamOf(luck, RATING_STREAM);
  const isSaid = random() < RATED_SHARE;
  const liked = drawRating(answer, random);
  return { liked, rating: isSaid ? liked : 0 };
}
