import type { Tier } from "../../domain/catalog.ts";
import { ZERO_USD } from "../../domain/money.ts";
import { costOf, priceAt } from "../../domain/price.ts";
import { cacheKeyText } from "../../policy/cache-key.ts";
import { cacheLifetimeMs } from "../../policy/cache-lifetime.ts";
import { chargesFor, safeguardKeys, type Windows } from "../../policy/charges.ts";
import type { Controls } from "../../policy/controls.ts";
import type { ControlsByUser } from "../../policy/controls-by-user.ts";
import { denialOf } from "../../policy/denial.ts";
import { boundCost, REQUEST_OVERHEAD_TOKENS } from "../../policy/estimate.ts";
import { type Candidate, routeRequest } from "../../policy/route.ts";
import { gate, nextStage, type Stage, safeguardRatio } from "../../policy/safeguards.ts";
import type { ReplayClock } from "../counterfactual-clock.ts";
import { openReplayCounters } from "../counterfactual-counters.ts";
import { type AnswerCache, type KeptAnswer, openAnswerCache } from "./answer-cache.ts";
import type { Ask } from "./ask.ts";
import { judge, type Providers } from "./call.ts";
import { type ServedRequest, servedRequest } from "./served-request.ts";

/** As a gateway serves: its policy, with counters and a cache of its own. */
export interface Server {
  serve(ask: Ask, controls: ControlsByUser): ServedRequest;
}

interface Situation {
  readonly ask: Ask;
  readonly controls: Controls;
  readonly tier: Tier;
  readonly windows: Windows;
}

const MAX_HOPS = 3;
const CACHED_MS = 5;
/** English has about so many bytes a token, and a gateway reserves for bytes. */
const BYTES_PER_TOKEN = 4;
const NONE: ReadonlySet<string> = new Set();

/**
 * Nothing is in flight when the next request comes, and the load is never high: a simulated product of some thousand users has less
 * than a request a second.
 */
export function openServer(providers: Providers, clock: ReplayClock): Server {
  const counters = openReplayCounters();
  const cache = openAnswerCache();
  let stage: Stage = "normal";

  const look = ({ controls: { catalog }, windows }: Situation): void => {
    const keys = safeguardKeys(windows);
    const spend = { day: counters.state(keys.day), week: counters.state(keys.week) };
    stage = nextStage(stage, safeguardRatio(spend, catalog.safeguards), catalog.safeguards);
  };

  const answerAgain = (situation: Situation, kept: KeptAnswer): ServedRequest => {
    const { ask, controls, tier, windows } = situation;
    const all = chargesFor({ controls, tier, userId: ask.userId, bound: ZERO_USD, hop: 0, windows });
    const charges = all.filter(({ unit }) => unit === "requests");
    const unfit = counters.unfit(charges);
    if (unfit !== null) return denied(ask, denialOf(unfit, controls, ask.ts).code);
    counters.book(charges, 0);
    const { provider, cost, quality, lowered } = kept;
    return servedRequest(ask, {
      outcome: "cached",
      route_reason: "cache",
      latency_ms: CACHED_MS,
      provider,
      cache_saved: cost,
      ...judge(ask, { quality, lowered, latencyMs: CACHED_MS }),
    });
  };

  const answerAnew = (situation: Situation, candidates: readonly Candidate[], key: string): ServedRequest => {
    const { ask, controls, tier, windows } = situation;
    const { usage } = ask;
    let denial = "";
    let hop = 0;
    let waitedMs = 0;
    let first: Candidate | null = null;
    for (const candidate of candidates) {
      const { provider } = candidate;
      const price = priceAt(provider.prices, ask.ts);
      if (hop === MAX_HOPS || price === undefined) continue;
      const bound = boundCost(price, boundOf(ask, tier));
      const charges = chargesFor({ controls, tier, userId: ask.userId, bound, hop, windows });
      const unfit = counters.unfit(charges);
      if (unfit !== null) {
        denial ||= denialOf(unfit, controls, ask.ts).code;
        if (unfit.unit === "requests") break;
        continue;
      }
      first ??= candidate;
      hop += 1;
      const call = providers.call(ask, provider);
      waitedMs += call.ms;
      if (call.failed) {
        counters.book(charges, 0);
        continue;
      }
      const cost = costOf(usage, price);
      counters.book(charges, cost);
      const quality = providers.qualityOf(provider, ask.incidents);
      if (key !== "") cache.keep(key, { provider: provider.name, storedAtMs: ask.ts, cost, ...quality });
      const judged = judge(ask, { ...quality, latencyMs: waitedMs });
      return servedRequest(ask, {
        outcome: "ok",
        ...callOf(first, provider.name, waitedMs),
        ...judged,
        usage,
        cost,
      });
    }
    if (first === null) return denied(ask, denial || "no_provider");
    return servedRequest(ask, {
      outcome: "failed",
      denial_reason: "provider_error",
      ...callOf(first, first.provider.name, waitedMs),
    });
  };

  return {
    serve(ask, byUser) {
      const controls = byUser.of(ask.userId);
      const tier = controls.tiers.get(ask.tier) ?? controls.catalog.defaultTier;
      const situation = { ask, controls, tier, windows: clock.windowsAt(ask.ts) };
      look(situation);
      const closed = gate({ controls, tier, stage });
      if (closed !== null) return denied(ask, closed.code);
      const route = routeRequest({
        controls,
        tier,
        requestedModel: ask.requestedModel,
        feature: ask.feature,
        hourOfDay: ask.hourOfDay,
        stage,
        highLoad: false,
        unavailable: NONE,
        draw: ask.luck / 2 ** 32,
      });
      if (!route.ok) return denied(ask, route.code);
      const { key, kept } = consult(cache, situation);
      return kept === null ? answerAnew(situation, route.candidates, key) : answerAgain(situation, kept);
    },
  };
}

/** An empty key: the feature is not cached. */
function consult(cache: AnswerCache, { ask, controls, tier }: Situation) {
  const lifetimeMs = cacheLifetimeMs(controls, ask.feature, false);
  const feature = controls.catalog.features.get(ask.feature);
  if (lifetimeMs === 0 || feature === undefined) return { key: "", kept: null };
  const key = cacheKeyText({
    endpoint: "chat/completions",
    body: { model: ask.requestedModel, messages: [{ role: "user", content: ask.prompt }] },
    scope: feature.cacheScope,
    appId: "simulation",
    userId: ask.userId,
    life: 0,
    feature: ask.feature,
    tier,
    providers: controls.catalog.providers,
    maxOutputTokens: tier.maxOutputTokens,
  });
  return { key, kept: cache.find(key, ask.ts, lifetimeMs) };
}

function boundOf({ usage }: Ask, { maxOutputTokens }: Tier) {
  const inputTokens = (usage.input + usage.cachedInput) * BYTES_PER_TOKEN + REQUEST_OVERHEAD_TOKENS;
  return { inputTokens, outputTokens: maxOutputTokens };
}

function callOf({ provider, reason }: Candidate, answeredBy: string, latencyMs: number) {
  return { route_reason: reason, first_provider: provider.name, provider: answeredBy, latency_ms: latencyMs };
}

function denied(ask: Ask, code: string): ServedRequest {
  return servedRequest(ask, { outcome: "denied", denial_reason: code });
}
