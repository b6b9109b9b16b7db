import type { Provider } from "../domain/catalog.ts";
import type { AppId } from "../domain/ids.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { Controls } from "../policy/controls.ts";
import { routeRequest } from "../policy/route.ts";
import type { RoutedRequest } from "../rules/learning/gather-cells.ts";
import { blankEvent } from "./blank-event.ts";
import { callProviders } from "./call-providers.ts";
import { behaviourOf, drawRating, type ProviderBehaviour } from "./provider-behaviour.ts";
import { drawLogNormal, type Random } from "./random.ts";
import { drawEventId, drawRequestId } from "./uuid.ts";

/** Requests of one tier and feature on a day. */
export interface RoutedDemand {
  readonly tier: string;
  readonly feature: string;
  readonly requests: number;
  /** Medians. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface RoutedDay {
  readonly controls: Controls;
  readonly demand: readonly RoutedDemand[];
  readonly startMs: number;
  /** Of the answers, those that somebody rates. */
  readonly ratedShare: number;
  /** How good and fast providers are in truth, where that is not as the catalog says. */
  readonly truth: ReadonlyMap<string, Partial<Pick<Provider, "quality" | "speed">>>;
  readonly random: Random;
}

const DAY_MS = 86_400_000;
const HOURS = 24;

/** A day's requests to `auto`, each routed by the gateway's own policy with a draw of its own, spread evenly over the hours (UTC). */
export function* drawRoutedDay(day: RoutedDay): Generator<RoutedRequest> {
  const behaviours = new Map<string, ProviderBehaviour>();
  const behaviourIn = (provider: Provider): ProviderBehaviour => {
    const known = behaviours.get(provider.name);
    if (known !== undefined) return known;
    const made = behaviourOf({ ...provider, ...day.truth.get(provider.name) });
    behaviours.set(provider.name, made);
    return made;
  };
  for (const demand of day.demand) {
    for (let index = 0; index < demand.requests; index += 1) {
      const share = (index + 0.5) / demand.requests;
      yield drawRouted(day, { demand, share, behaviourIn });
    }
  }
}

interface Drawing {
  readonly demand: RoutedDemand;
  /** Of the day. */
  readonly share: number;
  behaviourIn(provider: Provider): ProviderBehaviour;
}

function drawRouted(day: RoutedDay, { demand, share, behaviourIn }: Drawing): RoutedRequest {
  const { controls, random } = day;
  const hourOfDay = Math.floor(share * HOURS);
  const tier = controls.tiers.get(demand.tier) ?? controls.catalog.defaultTier;
  const event = openEvent(day, { demand, share });
  const route = routeRequest({
    controls,
    tier,
    requestedModel: "auto",
    feature: demand.feature,
    hourOfDay,
    stage: "normal",
    highLoad: false,
    unavailable: NONE,
    draw: random(),
  });
  const peak = controls.catalog.routing.peakHours.has(hourOfDay);
  if (!route.ok)
    return { event: { ...event, outcome: "denied", denial_reason: route.code }, rating: 0, peak };
  event.propensity = route.candidates[0]?.propensity ?? 1;
  const usage = {
    input: Math.ceil(drawLogNormal(random, demand.inputTokens, 0.6)),
    cachedInput: 0,
    output: Math.min(tier.maxOutputTokens, Math.ceil(drawLogNormal(random, demand.outputTokens, 0.5))),
    reasoning: 0,
  };
  const candidates = route.candidates.map(({ provider, reason }) => ({
    behaviour: behaviourIn(provider),
    reason,
  }));
  callProviders(event, candidates, { usage, incidents: [], maxOutputTokens: tier.maxOutputTokens, random });
  const answered = candidates.find(({ behaviour }) => behaviour.provider.name === event.provider);
  const isRated = event.outcome === "ok" && random() < day.ratedShare;
  const quality = answered?.behaviour.provider.quality ?? 0;
  const rating = isRated ? drawRating({ quality, latencyMs: event.latency_ms, lowered: 0 }, random) : 0;
  return { event, rating, peak };
}

const NONE: ReadonlySet<string> = new Set();

function openEvent(
  { controls, startMs, random }: RoutedDay,
  { demand, share }: Pick<Drawing, "demand" | "share">,
): RequestEvent {
  const ts = Math.floor(startMs + share * DAY_MS);
  return blankEvent({
    event_id: drawEventId(random, ts),
    request_id: drawRequestId(random, ts),
    ts,
    app_id: "simulation" as AppId,
    user_id: "",
    tier: demand.tier,
    feature: demand.feature,
    controls_version: controls.version,
  });
}
