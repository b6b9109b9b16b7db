import type { Capability } from "../domain/capability.ts";
import type { Provider, Tier } from "../domain/catalog.ts";
import type { Candidate } from "./candidate-order.ts";
import { boundTokens } from "./estimate.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What a request needs of the model that answers it. */
export interface RequestNeeds {
  readonly capabilities: readonly Capability[];
  /** Tokens of the prompt and the longest answer. */
  readonly contextTokens: number;
}

/**
 * English has about four bytes a token. Other languages have fewer, so that a prompt may be longer than this says: a model is
 * passed over only where it is surely too small, and otherwise says so itself.
 */
const BYTES_PER_TOKEN = 4;

export function needsOf(facts: RequestFacts, tier: Pick<Tier, "maxOutputTokens">): RequestNeeds {
  const { maxOutputTokens } = boundTokens(facts, tier);
  return {
    capabilities: neededCapabilities(facts),
    contextTokens: Math.floor(facts.textBytes / BYTES_PER_TOKEN) + maxOutputTokens,
  };
}

const NONE: readonly Capability[] = [];

export function neededCapabilities(facts: RequestFacts): readonly Capability[] {
  const { hasTools, wantsJsonSchema, images, lowDetailImages } = facts;
  const hasImages = images + lowDetailImages > 0;
  if (!hasTools && !wantsJsonSchema && !hasImages) return NONE;
  const needed: Capability[] = [];
  if (hasTools) needed.push("tools");
  if (wantsJsonSchema) needed.push("jsonSchema");
  if (hasImages) needed.push("images");
  return needed;
}

/** What the provider lacks for the request, in words; null: nothing. */
export function lackOf(provider: Provider, { capabilities, contextTokens }: RequestNeeds): string | null {
  for (const needed of capabilities) if (!provider.capabilities[needed]) return WORDS[needed];
  return contextTokens > provider.contextTokens
    ? `a context of about ${contextTokens} tokens (it has ${provider.contextTokens})`
    : null;
}

const WORDS: Readonly<Record<Capability, string>> = {
  tools: "tools",
  jsonSchema: "answers that keep to a JSON schema",
  images: "images",
};

/** Those that can do it, in their order. */
export function ableOnly(
  ordered: readonly Candidate[],
  needs: RequestNeeds | undefined,
): readonly Candidate[] {
  if (needs === undefined || ordered.every(({ provider }) => lackOf(provider, needs) === null))
    return ordered;
  return ordered.filter(({ provider }) => lackOf(provider, needs) === null);
}
