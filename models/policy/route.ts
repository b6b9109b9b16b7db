import type { Provider, Tier } from "../domain/catalog.ts";
import { type Candidate, candidateOrders, type OrderQuestion } from "./candidate-order.ts";
import type { Controls, DirectiveOf } from "./controls.ts";
import type { Stage } from "./safeguards.ts";

export type { Candidate } from "./candidate-order.ts";

export const AUTO_MODEL = "auto";

export interface RouteQuestion {
  readonly controls: Controls;
  /** Out of `controls.tiers`. */
  readonly tier: Tier;
  readonly requestedModel: string;
  readonly feature: string;
  /** 0-23, in the catalog's time zone. */
  readonly hourOfDay: number;
  readonly stage: Stage;
  readonly highLoad: boolean;
  /** Providers that cannot be called now: breaker open, key missing. */
  readonly unavailable: ReadonlySet<string>;
  /** Providers that have become slow: others go first where there is a choice. Absent: none. */
  readonly slow?: ReadonlySet<string>;
  /** Uniform in [0, 1): decides where a `weights` directive is in force. Without it, weights are not looked at. */
  readonly draw?: number;
}

export type RouteResult = { readonly ok: true; readonly candidates: readonly Candidate[] } | RouteDenial;

export interface RouteDenial {
  readonly ok: false;
  readonly code: RouteDenialCode;
  readonly message: string;
}

export type RouteDenialCode = "unknown_model" | "model_not_allowed" | "no_provider" | "unpriced_model";

/**
 * The providers to try, in order, each of which the tier lists and has a price.
 *
 * `auto` gives all that can serve. A named provider is tried alone: who asks for a model by name does not get another one.
 * Fallback mode (a directive, or the safeguard's stage) overrides both: only the catalog's fallback provider, or, for a tier
 * that does not list it, the tier's cheapest provider that can be called. A name that the tier may not use is refused all the same.
 */
export function routeRequest(question: RouteQuestion): RouteResult {
  const { controls, tier, requestedModel } = question;
  if (requestedModel !== AUTO_MODEL) {
    const refusal = refuseName(controls, tier, requestedModel);
    if (refusal !== null) return refusal;
  }
  if (controls.fallbackMode !== null) return routeFallback(question, "fallback-mode");
  if (question.stage === "fallback") return routeFallback(question, "safeguard");
  return requestedModel === AUTO_MODEL ? routeAuto(question) : routeName(question);
}

function routeAuto(question: RouteQuestion): RouteResult {
  const { controls, tier, unavailable } = question;
  const ordered = candidateOrders(controls).auto(question);
  const callable = available(ordered, unavailable);
  if (callable.length === 0) return noProvider(controls, tier);
  const weighted = question.draw === undefined ? null : matchingWeights(question);
  const isDirected = weighted === null || callable[0]?.reason.startsWith("directive:");
  const chosen = isDirected ? callable : drawFirst(callable, weighted, question.draw ?? 0);
  return { ok: true, candidates: slowLast(chosen, question.slow) };
}

function routeName({ controls, requestedModel, unavailable }: RouteQuestion): RouteResult {
  const provider = controls.catalog.providers.get(requestedModel);
  if (provider === undefined || controls.drained.has(requestedModel) || unavailable.has(requestedModel)) {
    return denied("no_provider", `provider "${requestedModel}" cannot be called at the moment`);
  }
  return { ok: true, candidates: [{ provider, reason: "requested" }] };
}

function routeFallback(question: RouteQuestion, reason: string): RouteResult {
  const { controls, tier, unavailable } = question;
  const { fallback, byCost } = candidateOrders(controls).fallback(tier);
  const found = fallback ?? byCost.find(({ name }) => !unavailable.has(name));
  if (found === undefined || unavailable.has(found.name)) return noProvider(controls, tier);
  return { ok: true, candidates: [{ provider: found, reason }] };
}

/**
 * The one model that was asked for by its name, for every tier. No other stands in for it, not even in fallback mode: vectors of
 * two models cannot be compared.
 */
export function routeEmbedding({
  controls,
  requestedModel,
  unavailable,
}: Pick<RouteQuestion, "controls" | "requestedModel" | "unavailable">): RouteResult {
  const provider = controls.catalog.embeddings.get(requestedModel);
  if (provider === undefined) {
    const known = [...controls.catalog.embeddings.keys()].join(", ") || "none";
    const name = requestedModel.slice(0, 100);
    return denied("unknown_model", `"${name}" is no embedding model of this gateway; known: ${known}`);
  }
  if (provider.prices.length === 0)
    return denied("unpriced_model", `embedding model "${provider.name}" has no price`);
  if (controls.drained.has(requestedModel) || unavailable.has(requestedModel)) {
    return denied("no_provider", `embedding model "${requestedModel}" cannot be called at the moment`);
  }
  return { ok: true, candidates: [{ provider, reason: "requested" }] };
}

/** Null: the tier may be answered by this provider, if it can be called. */
export function refuseName(controls: Controls, tier: Tier, name: string): RouteDenial | null {
  const provider = controls.catalog.providers.get(name);
  if (provider === undefined) {
    return denied(
      "unknown_model",
      `model "${name.slice(0, 100)}" is neither "auto" nor a provider of this gateway`,
    );
  }
  if (!tier.allowedProviders.includes(name)) {
    return denied("model_not_allowed", `tier "${tier.name}" may not use provider "${name}"`);
  }
  return provider.prices.length > 0 ? null : denied("unpriced_model", `provider "${name}" has no price`);
}

function noProvider(controls: Controls, tier: Tier): RouteResult {
  const listed = tier.allowedProviders.flatMap((name) => controls.catalog.providers.get(name) ?? []);
  return listed.length > 0 && listed.every(({ prices }) => prices.length === 0)
    ? denied("unpriced_model", `no provider of tier "${tier.name}" has a price`)
    : denied("no_provider", `no provider of tier "${tier.name}" can be called at the moment`);
}

function denied(code: RouteDenialCode, message: string): RouteDenial {
  return { ok: false, code, message };
}

function available(ordered: readonly Candidate[], unavailable: ReadonlySet<string>): readonly Candidate[] {
  return unavailable.size === 0 ? ordered : ordered.filter(({ provider }) => !unavailable.has(provider.name));
}

/** Where one takes the place of a slow one, that is its reason. */
function slowLast(chosen: readonly Candidate[], slow: ReadonlySet<string> | undefined): readonly Candidate[] {
  const [before] = chosen;
  if (slow === undefined || slow.size === 0 || before === undefined) return chosen;
  const isSlow = ({ provider }: Candidate) => slow.has(provider.name);
  const [best, ...others] = chosen.filter((candidate) => !isSlow(candidate));
  if (best === undefined) return chosen;
  const first = best === before ? best : { ...best, reason: `slow:${before.provider.name}` };
  return [first, ...others, ...chosen.filter(isSlow)];
}

function matchingWeights({ controls, tier, feature }: OrderQuestion & { controls: Controls }) {
  return (
    controls.weights.find(
      ({ params }) =>
        (params.tier === undefined || params.tier === tier.name) &&
        (params.feature === undefined || params.feature === feature),
    ) ?? null
  );
}

/** Puts one provider first, each with the probability of its weight among the candidates; the others keep their order. */
function drawFirst(
  candidates: readonly Candidate[],
  { id, params }: DirectiveOf<"weights">,
  draw: number,
): readonly Candidate[] {
  const weightOf = (provider: Provider) => params.weights[provider.name] ?? 0;
  let rest = draw * candidates.reduce((sum, { provider }) => sum + weightOf(provider), 0);
  const drawn = candidates.find(({ provider }) => {
    const weight = weightOf(provider);
    rest -= weight;
    return weight > 0 && rest < 0;
  });
  if (drawn === undefined) return candidates;
  const first = { provider: drawn.provider, reason: `directive:${id}` };
  return [first, ...candidates.filter((candidate) => candidate !== drawn)];
}
