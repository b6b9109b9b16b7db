import type { Provider, Tier } from "../domain/catalog.ts";
import { ableOnly, lackOf, type RequestNeeds } from "./ability.ts";
import { type Candidate, candidateOrders, type OrderQuestion } from "./candidate-order.ts";
import type { Controls } from "./controls.ts";
import { drawByWeights, type PastDraw, withPropensity } from "./draw-by-weights.ts";
import { insteadOf } from "./route-reason.ts";
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
  /** Absent: what every model can do. */
  readonly needs?: RequestNeeds;
  /** Uniform in [0, 1): decides where a `weights` directive is in force. Without it, weights are not looked at. */
  readonly draw?: number;
  /** What was drawn then, where a request is replayed. */
  readonly drawn?: PastDraw | undefined;
}

export type RouteResult = { readonly ok: true; readonly candidates: readonly Candidate[] } | RouteDenial;

export interface RouteDenial {
  readonly ok: false;
  readonly code: RouteDenialCode;
  readonly message: string;
}

export type RouteDenialCode =
  | "unknown_model"
  | "model_not_allowed"
  | "unsupported_request"
  | "no_provider"
  | "unpriced_model";

/**
 * The providers to try, in order, each of which the tier lists and has a price.
 *
 * `auto` gives all that can serve, and are able to do what the request needs. A named provider is tried alone: who asks for a model by name does not get another one.
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
  const { controls, tier, needs } = question;
  const ordered = candidateOrders(controls).auto(question);
  const able = ableOnly(ordered, needs);
  if (able.length === 0 && ordered.length > 0) return noneAble(tier, ordered, needs);
  const callable = firstSays(able, ordered, question);
  if (callable.length === 0) return noProvider(controls, tier);
  const directive = matchingWeights(question);
  if (directive === null || question.draw === undefined || callable[0]?.reason.startsWith("directive:")) {
    return { ok: true, candidates: slowLast(callable, question) };
  }
  const drawn = slowLast(
    drawByWeights(callable, { directive, draw: question.draw, drawn: question.drawn }),
    question,
  );
  return { ok: true, candidates: withPropensity(drawn, callable, { directive, slow: question.slow }) };
}

function routeName({ controls, requestedModel, unavailable, needs }: RouteQuestion): RouteResult {
  const provider = controls.catalog.providers.get(requestedModel);
  const lack = provider === undefined || needs === undefined ? null : lackOf(provider, needs);
  if (lack !== null)
    return denied("unsupported_request", `model "${requestedModel}" does not have what is needed: ${lack}`);
  if (provider === undefined || controls.drained.has(requestedModel) || unavailable.has(requestedModel)) {
    return denied("no_provider", `provider "${requestedModel}" cannot be called at the moment`);
  }
  return { ok: true, candidates: [{ provider, reason: "requested" }] };
}

function routeFallback(question: RouteQuestion, reason: string): RouteResult {
  const { controls, tier, unavailable, needs } = question;
  const { fallback, byCost } = candidateOrders(controls).fallback(tier);
  const isAble = (provider: Provider) => needs === undefined || lackOf(provider, needs) === null;
  const stands = fallback !== undefined && isAble(fallback) ? fallback : undefined;
  const found = stands ?? byCost.find((provider) => !unavailable.has(provider.name) && isAble(provider));
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

function noneAble(tier: Tier, [first]: readonly Candidate[], needs: RequestNeeds | undefined): RouteResult {
  const lack = first === undefined || needs === undefined ? null : lackOf(first.provider, needs);
  return denied("unsupported_request", `no model of tier "${tier.name}" has what is needed: ${lack ?? ""}`);
}

/** Those that can be called; where the first one takes the place of one that is not able, that is its reason. */
function firstSays(
  able: readonly Candidate[],
  [best]: readonly Candidate[],
  { unavailable, highLoad }: RouteQuestion,
): readonly Candidate[] {
  const callable =
    unavailable.size === 0 ? able : able.filter(({ provider }) => !unavailable.has(provider.name));
  const [first, ...others] = callable;
  if (first === undefined || best === undefined || able[0] === best) return callable;
  return [{ ...first, reason: insteadOf("unable", best.provider.name, highLoad) }, ...others];
}

/** Where one takes the place of a slow one, that is its reason. */
function slowLast(
  chosen: readonly Candidate[],
  { slow, highLoad }: Pick<RouteQuestion, "slow" | "highLoad">,
): readonly Candidate[] {
  const [before] = chosen;
  if (slow === undefined || slow.size === 0 || before === undefined) return chosen;
  const isSlow = ({ provider }: Candidate) => slow.has(provider.name);
  const [best, ...others] = chosen.filter((candidate) => !isSlow(candidate));
  if (best === undefined) return chosen;
  const first =
    best === before ? best : { ...best, reason: insteadOf("slow", before.provider.name, highLoad) };
  return [first, ...others, ...chosen.filter(isSlow)];
}

/** Under high load the load decides, not the weights. */
function matchingWeights({ controls, tier, feature, highLoad }: OrderQuestion & { controls: Controls }) {
  if (highLoad) return null;
  return (
    controls.weights.find(
      ({ params }) =>
        (params.tier === undefined || params.tier === tier.name) &&
        (params.feature === undefined || params.feature === feature),
    ) ?? null
  );
}
