import type { Provider, Tier } from "../domain/catalog.ts";
import type { NanoUsd } from "../domain/money.ts";
import { costOf, priceAt, type TokenUsage } from "../domain/price.ts";
import type { RequestNeeds } from "../policy/ability.ts";
import { cacheLifetimeMs } from "../policy/cache-lifetime.ts";
import { chargesFor, safeguardKeys } from "../policy/charges.ts";
import type { Controls } from "../policy/controls.ts";
import { denialOf } from "../policy/denial.ts";
import type { PastDraw } from "../policy/draw-by-weights.ts";
import { boundCost } from "../policy/estimate.ts";
import { type Candidate, routeRequest } from "../policy/route.ts";
import { routeFactsOf } from "../policy/route-reason.ts";
import { gate, nextStage, type Stage, safeguardRatio } from "../policy/safeguards.ts";
import type { ReplayClock } from "./counterfactual-clock.ts";
import { openReplayCounters } from "./counterfactual-counters.ts";
import type { Profile } from "./counterfactual-profile.ts";
import { stretched } from "./hit-rate.ts";
import type { PastRequest } from "./past-request.ts";

/** What would have become of a request. */
export interface ReplayedRequest {
  /** Why it is refused; empty = it is admitted. */
  readonly denial: string;
  /** The provider to be called first; empty when it is refused. */
  readonly provider: string;
  /** Nano-dollars that are to be expected, the chance of a cached answer taken into account. */
  readonly cost: number;
  readonly latencyMs: number;
  /** What users would think of the answer, 1 to 5; 0 = there is none. */
  readonly rating: number;
  /** Its tokens are a mean, because the recorded request had none. */
  readonly guessed: boolean;
}

export interface ArmOptions {
  readonly controls: Controls;
  /** Those under which the profile was seen. */
  readonly recorded: Controls;
  readonly profile: Profile;
  /** One for all arms of a replay: they ask for the same windows, one after the other. */
  readonly clock: ReplayClock;
  /** Hits / answers of a feature at the catalog's minutes, where the past had no cache to tell. */
  readonly assumedHitRates?: ReadonlyMap<string, number> | undefined;
}

export interface ReplayArm {
  /** Requests must come in the order of their time. */
  next(event: PastRequest): ReplayedRequest;
  /** From the next request on. Counters and the safeguard's stage stay. */
  use(controls: Controls): void;
}

/** The codes that follow from catalog, directives and counters; what was refused for another reason is refused again. */
const POLICY_DENIALS = new Set([
  "daily_requests_exceeded",
  "weekly_budget_exceeded",
  "monthly_budget_exceeded",
  "global_daily_budget_exceeded",
  "global_weekly_budget_exceeded",
  "emergency_budget_exceeded",
  "rate_limited",
  "non_premium_paused",
  "spending_stopped",
  "model_not_allowed",
  "unpriced_model",
  "no_provider",
]);
const MAX_HOPS = 3;
const NONE: ReadonlySet<string> = new Set();
/** What a reservation exceeds the input by: it counts bytes, of which English has about so many a token. */
const BYTES_PER_TOKEN = 4;

/** Runs past requests through the gateway's own policy under some controls, with counters of its own. */
export function openReplayArm({
  profile,
  recorded,
  clock,
  assumedHitRates,
  ...options
}: ArmOptions): ReplayArm {
  let { controls } = options;
  const counters = openReplayCounters();
  let stage: Stage = "normal";

  function admit(event: PastRequest, tier: Tier, candidates: readonly Candidate[]) {
    const windows = clock.windowsAt(event.ts);
    const { highLoad } = routeFactsOf(event.route_reason);
    let denial = "no_provider";
    for (const { provider } of candidates.slice(0, MAX_HOPS)) {
      const bound = boundOf(event, { provider, tier, profile });
      if (bound === null) continue;
      const charges = chargesFor({ controls, tier, userId: event.user_id, bound, hop: 0, windows, highLoad });
      const unfit = counters.unfit(charges);
      if (unfit === null) return { denial: "", provider, charges };
      denial = denialOf(unfit, controls, event.ts).code;
      if (unfit.unit === "requests") break;
    }
    return { denial, provider: null, charges: [] };
  }

  function lookAtSafeguards(ms: number): void {
    const keys = safeguardKeys(clock.windowsAt(ms));
    const spend = { day: counters.state(keys.day), week: counters.state(keys.week) };
    const { safeguards } = controls.catalog;
    stage = nextStage(stage, safeguardRatio(spend, safeguards), safeguards);
  }

  return {
    use: (next) => {
      controls = next;
    },
    next(event) {
      const tier = controls.tiers.get(event.tier);
      if (tier === undefined || isRefusedAnyway(event)) return refused(event.denial_reason);
      lookAtSafeguards(event.ts);
      const closed = gate({ controls, tier, stage });
      if (closed !== null) return refused(closed.code);
      const { highLoad, slow } = routeFactsOf(event.route_reason);
      const route = routeRequest({
        controls,
        tier,
        requestedModel: event.requested_model,
        feature: event.feature,
        hourOfDay: clock.hourOf(event.ts),
        stage,
        highLoad,
        unavailable: NONE,
        ...(slow !== null && { slow: new Set([slow]) }),
        needs: needsOf(event),
        ...(controls.weights.length > 0 && { draw: shareOf(event), drawn: drawnThen(event, recorded) }),
      });
      if (!route.ok) return refused(route.code);
      const { denial, provider, charges } = admit(event, tier, route.candidates);
      if (provider === null) return refused(denial);
      const answer = answerOf(event, { provider, tier, profile, recorded });
      const hit = hitChange(event, { controls, recorded, profile, assumedHitRates });
      const expected = withCache(answer, { hit, profile });
      counters.book(charges, expected.cost);
      return expected;
    },
  };
}

/** Of the context only what was counted is known, and of a refused request nothing. */
function needsOf(event: PastRequest): RequestNeeds {
  const contextTokens = event.input_tokens + event.cached_input_tokens + event.output_tokens;
  return { capabilities: event.needs ?? [], contextTokens };
}

function isRefusedAnyway({ outcome, denial_reason, needs = [] }: PastRequest): boolean {
  if (outcome !== "denied") return false;
  // Without needs it was too long, and how long is not known.
  if (denial_reason === "unsupported_request") return needs.length === 0;
  return !POLICY_DENIALS.has(denial_reason);
}

function refused(denial: string): ReplayedRequest {
  return { denial, provider: "", cost: 0, latencyMs: 0, rating: 0, guessed: false };
}

interface Asked {
  readonly provider: Provider;
  readonly tier: Tier;
  readonly profile: Profile;
}

interface Answering extends Asked {
  readonly recorded: Controls;
}

/**
 * The simulation refuses what comes after a budget is used up, as if nothing had to be reserved; a gateway reserves the most that
 * a call can cost, of which a recorded request only tells about how long its prompt was. Null: the provider has no price.
 */
function boundOf(event: PastRequest, { provider, tier, profile }: Asked): NanoUsd | null {
  const price = priceAt(provider.prices, event.ts);
  if (price === undefined) return null;
  if (event.source === "simulated") return ONE_NANO;
  const { input, cachedInput } = usageOf(event, { tier, profile }).usage;
  return boundCost(price, {
    inputTokens: (input + cachedInput) * BYTES_PER_TOKEN,
    outputTokens: tier.maxOutputTokens,
  });
}

const ONE_NANO = 1 as NanoUsd;

function usageOf(event: PastRequest, { tier, profile }: Pick<Asked, "tier" | "profile">) {
  const isKnown = event.input_tokens + event.output_tokens > 0;
  const { input, cachedInput, output, reasoning }: TokenUsage = isKnown
    ? {
        input: event.input_tokens,
        cachedInput: event.cached_input_tokens,
        output: event.output_tokens,
        reasoning: event.reasoning_tokens,
      }
    : profile.tokensOf(event.tier, event.feature);
  const usage = { input, cachedInput, output: Math.min(output, tier.maxOutputTokens), reasoning };
  return { usage, guessed: !isKnown };
}

/** What the same call costs by the price under which it is replayed. */
function repriced(event: PastRequest, { provider, recorded, ...asked }: Answering): number {
  const then = recorded.catalog.providers.get(provider.name)?.prices ?? [];
  if (then === provider.prices || event.cost === 0) return event.cost;
  const [old, price] = [priceAt(then, event.ts), priceAt(provider.prices, event.ts)];
  if (old === undefined || price === undefined) return event.cost;
  const { usage } = usageOf(event, asked);
  const [before, after] = [costOf(usage, old), costOf(usage, price)];
  return before === 0 || before === after ? event.cost : Math.round((event.cost * after) / before);
}

/** As recorded where the same provider is called; else the same request at the other provider. */
function answerOf(event: PastRequest, asked: Answering): ReplayedRequest {
  const { provider, profile } = asked;
  const { outcome, rating, first_provider: first } = event;
  const wasCalled = outcome === "ok" || outcome === "failed" || outcome === "aborted";
  if (wasCalled && first === provider.name) {
    const isAnswer = outcome === "ok";
    return {
      denial: "",
      provider: first,
      cost: repriced(event, asked),
      latencyMs: event.latency_ms,
      rating: isAnswer ? rating || profile.ratingOf(event.provider) : 0,
      guessed: false,
    };
  }
  const { usage, guessed } = usageOf(event, asked);
  const price = priceAt(provider.prices, event.ts);
  const expectedMs = profile.latencyOf(provider.name);
  const before = outcome === "ok" ? profile.latencyOf(event.provider) : 0;
  return {
    denial: "",
    provider: provider.name,
    cost: price === undefined ? 0 : costOf(usage, price),
    latencyMs: before > 0 ? (event.latency_ms * expectedMs) / before : expectedMs,
    rating: profile.ratingOf(provider.name),
    guessed,
  };
}

/** 0 = it is answered by a provider, 1 = out of the cache. */
function hitChange(
  { feature, outcome }: PastRequest,
  { controls, recorded, profile, assumedHitRates }: Omit<ArmOptions, "clock">,
): number {
  const isHit = outcome === "cached";
  // Nobody has answered it, from anywhere: it has the chances of its feature's answers.
  const isUntold = outcome === "denied";
  const minutes = cacheLifetimeMs(controls, feature, false);
  const before = cacheLifetimeMs(recorded, feature, false);
  if (minutes === before && !isUntold) return isHit ? 1 : 0;
  if (minutes === 0) return 0;
  if (before === 0) {
    const assumed = assumedHitRates?.get(feature) ?? 0;
    const catalogMs = (controls.catalog.features.get(feature)?.cacheMinutes ?? 0) * 60_000;
    return catalogMs === 0 ? 0 : stretched(assumed, minutes / catalogMs);
  }
  const rate = profile.hitRateOf(feature);
  const next = stretched(rate, minutes / before);
  if (isUntold) return next;
  if (isHit) return rate === 0 ? 0 : Math.min(1, next / rate);
  return rate >= 1 ? 1 : Math.max(0, (next - rate) / (1 - rate));
}

function withCache(
  answer: ReplayedRequest,
  { hit, profile }: { readonly hit: number; readonly profile: Profile },
): ReplayedRequest {
  if (hit === 0) return answer;
  return {
    ...answer,
    cost: Math.round(answer.cost * (1 - hit)),
    latencyMs: answer.latencyMs * (1 - hit) + profile.cachedLatencyMs * hit,
  };
}

/** What the recorded weights have drawn for the request, where they held for it already. */
function drawnThen(event: PastRequest, { weights }: Controls): PastDraw | undefined {
  const held = weights.find(
    ({ issuedAt, params: { tier = event.tier, feature = event.feature } }) =>
      issuedAt <= event.ts && tier === event.tier && feature === event.feature,
  );
  return held === undefined ? undefined : { directiveId: held.id, provider: event.first_provider };
}

/** Uniform in [0, 1), the same for a request in every replay (FNV-1a over its user and time). */
function shareOf({ user_id: user, ts }: PastRequest): number {
  let hash = 0x811c9dc5;
  for (const text of [user, String(ts)]) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
