import type { Catalog, Feature, Provider, Tier } from "../domain/catalog.ts";
import { ERROR_CODES, type ErrorCode } from "../domain/errors.ts";
import type { AppId } from "../domain/ids.ts";
import { costOf, priceAt, type TokenUsage } from "../domain/price.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import { type Candidate, candidateOrders } from "../policy/candidate-order.ts";
import type { Controls } from "../policy/controls.ts";
import { blankEvent } from "./blank-event.ts";
import { callProviders, type RoutedBehaviour } from "./call-providers.ts";
import type { Incident } from "./incident.ts";
import type { Person } from "./person.ts";
import { behaviourOf, type ProviderBehaviour, roundMs, typicalMs } from "./provider-behaviour.ts";
import { drawLogNormal, type Random, weightedChoice } from "./random.ts";
import { drawEventId, drawRequestId } from "./uuid.ts";

/** What all requests of one simulation share. */
export interface World {
  readonly controls: Controls;
  featureOf(draw: number): AskedFeature;
  /** How the gateway would try the providers: its own policy. */
  routesOf(moment: Moment, feature: string): readonly RoutedBehaviour[];
}

export interface AskedFeature {
  readonly feature: Feature;
  /** Median tokens of a prompt and of an answer. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Moment {
  readonly ts: number;
  /** 0-23 in the catalog's time zone. */
  readonly hourOfDay: number;
  readonly tier: Tier;
  readonly admitted: number;
  readonly incidents: readonly Incident[];
}

/** Features that an app has besides those that the catalog caches. */
const OTHER_FEATURES = ["chat", "meal-plan", "form-check"] as const;
/** Of requests, those that ask for a model by name. */
export const NAMED_MODEL_SHARE = 0.2;
const SHARED_HIT_RATE = 0.45;
const USER_HIT_RATE = 0.22;
const PROMPT_CACHE_TOKENS = 1024;
const CACHE_MS = 2;
const CACHE_SPREAD_MS = 6;
const ONE_TOKEN: TokenUsage = { input: 1, cachedInput: 0, output: 1, reasoning: 0 };

export function openWorld(catalog: Catalog, controls: Controls): World {
  const cached = [...catalog.features.values()];
  const others = OTHER_FEATURES.map((name): Feature => ({ name, cacheMinutes: 0, cacheScope: "user" }));
  const asked = [...cached, ...others].map((feature, index): readonly [AskedFeature, number] => [
    { feature, inputTokens: 220 + 90 * index, outputTokens: 190 - 25 * index },
    feature.cacheMinutes > 0 ? 3 : 2,
  ]);
  return { controls, featureOf: weightedChoice(asked), routesOf: routeMemory(catalog, controls) };
}

/** The policy gives the same list again and again; each is looked up once. */
function routeMemory(catalog: Catalog, controls: Controls): World["routesOf"] {
  const behaviours = new Map(
    [...catalog.providers.values()].map((provider) => [provider, behaviourOf(provider)]),
  );
  const known = new WeakMap<readonly Candidate[], readonly RoutedBehaviour[]>();
  return ({ tier, hourOfDay }, feature) => {
    const ordered = candidateOrders(controls).auto({ tier, feature, hourOfDay, highLoad: false });
    const remembered = known.get(ordered);
    if (remembered !== undefined) return remembered;
    const routes = ordered
      .filter(({ provider }) => isPriced(provider))
      .map(({ provider, reason }) => ({
        behaviour: behaviours.get(provider) ?? behaviourOf(provider),
        reason,
      }));
    known.set(ordered, routes);
    return routes;
  };
}

/** One request, with everything that becomes of it: as the gateway would have recorded it. */
export function drawRequest(world: World, person: Person, moment: Moment, random: Random): RequestEvent {
  const asked = world.featureOf(random());
  const event = openEvent(world, { person, moment, feature: asked.feature.name }, random);
  const candidates = candidatesOf(world.routesOf(moment, asked.feature.name), random);
  const [first] = candidates;
  const denial = first === undefined ? NO_PROVIDER : denialOf(person, moment);
  if (denial !== null || first === undefined) return Object.assign(event, denial);
  if (first.reason === "requested") event.requested_model = first.behaviour.provider.name;
  const usage = drawUsage(first.behaviour, { asked, moment }, random);
  if (isHit(asked.feature, random)) {
    answerFromCache(event, usage, { behaviour: first.behaviour, random });
    return event;
  }
  // The order leaves no choice.
  event.propensity = 1;
  const { maxOutputTokens } = moment.tier;
  callProviders(event, candidates, { usage, incidents: moment.incidents, maxOutputTokens, random });
  return event;
}

interface Refusal {
  readonly outcome: "denied";
  readonly denial_reason: ErrorCode;
  readonly http_status: number;
  readonly latency_ms: number;
}

const REFUSED_AFTER_MS = 0.4;
const NO_PROVIDER = refusal("no_provider");
const DAY_IS_FULL = refusal("daily_requests_exceeded");
const WEEK_IS_SPENT = refusal("weekly_budget_exceeded");

function refusal(code: ErrorCode): Refusal {
  return {
    outcome: "denied",
    denial_reason: code,
    http_status: ERROR_CODES[code].status,
    latency_ms: REFUSED_AFTER_MS,
  };
}

function denialOf(person: Person, { tier, admitted }: Moment): Refusal | null {
  if (admitted >= tier.dailyRequests) return DAY_IS_FULL;
  return person.weekSpent >= tier.weeklyBudget ? WEEK_IS_SPENT : null;
}

/** A cost that is no whole number is no cost: the gateway refuses unpriced providers, and the warehouse such events. */
function isPriced({ prices }: Provider): boolean {
  return prices.length > 0 && prices.every(({ price }) => Number.isSafeInteger(costOf(ONE_TOKEN, price)));
}

/** Some apps ask for a model by name: it is then tried alone. */
function candidatesOf(routes: readonly RoutedBehaviour[], random: Random): readonly RoutedBehaviour[] {
  if (routes.length < 2 || random() >= NAMED_MODEL_SHARE) return routes;
  const named = routes[Math.floor(random() * routes.length)];
  return named === undefined ? routes : [{ behaviour: named.behaviour, reason: "requested" }];
}

export function drawUsage(
  { reasons }: Pick<ProviderBehaviour, "reasons">,
  { asked, moment }: { asked: AskedFeature; moment: Pick<Moment, "tier" | "incidents"> },
  random: Random,
): TokenUsage {
  const longer = moment.incidents.find(({ kind }) => kind === "cost-spike")?.factor ?? 1;
  const prompt = Math.ceil(drawLogNormal(random, asked.inputTokens, 0.6) * longer);
  const cachedInput =
    prompt > PROMPT_CACHE_TOKENS && random() < 0.3 ? Math.floor((prompt * 0.5) / 128) * 128 : 0;
  const answer = Math.min(
    moment.tier.maxOutputTokens,
    Math.ceil(drawLogNormal(random, asked.outputTokens, 0.5)),
  );
  const reasoning = reasons && random() < 0.3 ? Math.floor(answer * 0.3) : 0;
  return { input: prompt - cachedInput, cachedInput, output: answer - reasoning, reasoning };
}

function isHit({ cacheMinutes, cacheScope }: Feature, random: Random): boolean {
  return cacheMinutes > 0 && random() < (cacheScope === "shared" ? SHARED_HIT_RATE : USER_HIT_RATE);
}

function answerFromCache(
  event: RequestEvent,
  usage: TokenUsage,
  { behaviour, random }: { readonly behaviour: ProviderBehaviour; readonly random: Random },
): void {
  const price = priceAt(behaviour.provider.prices, event.ts);
  event.outcome = "cached";
  event.http_status = 200;
  event.route_reason = "cache";
  event.latency_ms = roundMs(CACHE_MS + CACHE_SPREAD_MS * random());
  event.cache_saved = price === undefined ? 0 : costOf(usage, price);
  event.cache_saved_ms = roundMs(typicalMs(behaviour, usage.output + usage.reasoning) - event.latency_ms);
}

function openEvent(
  { controls }: World,
  { person, moment, feature }: { person: Person; moment: Moment; feature: string },
  random: Random,
): RequestEvent {
  const event = blankEvent({
    event_id: drawEventId(random, moment.ts),
    request_id: drawRequestId(random, moment.ts),
    ts: moment.ts,
    app_id: "simulation" as AppId,
    user_id: person.id,
    tier: moment.tier.name,
    feature,
    controls_version: controls.version,
  });
  event.country = person.country;
  event.device = person.device;
  event.overhead_us = Math.round(400 + 900 * random());
  return event;
}
