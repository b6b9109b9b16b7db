import type { Feature } from "../../models/domain/catalog.ts";
import { cacheKeyText } from "../../models/policy/cache-key.ts";
import { cacheLifetimeMs } from "../../models/policy/cache-lifetime.ts";
import { boundTokens } from "../../models/policy/estimate.ts";
import { AUTO_MODEL, refuseName } from "../../models/policy/route.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { SituatedRequest } from "../routing.ts";
import type { CachedAnswer } from "./cached-answer.ts";
import type { OthersFlight, OwnFlight } from "./flights.ts";
import { hashOfKey, ownerOf } from "./response-cache.ts";

/** What the cache has for a request. */
export type CacheTurn = { readonly status: "bypass" } | CacheHit | CacheMiss;

export interface CacheHit {
  readonly status: "hit";
  readonly answer: CachedAnswer;
}

/** The request's own answer may be kept under the key; equal requests may be waiting for its flight, which must land. */
export interface CacheMiss {
  readonly status: "miss";
  readonly key: string;
  /** Of the answer, see {@link CachedAnswer}. */
  readonly owner: string;
  readonly life: number;
  /** How long an answer under the key may be given again. */
  readonly lifetimeMs: number;
  /** The key holds for these controls and this tier. */
  readonly asked: SituatedRequest;
  readonly flight: OwnFlight | null;
}

const BYPASS: CacheTurn = { status: "bypass" };
const PATHS = { chat: "/chat/completions", responses: "/responses", embeddings: "/embeddings" } as const;

/** Looks for an answer that may be given again, and waits for one that is being made for an equal request. */
export function consultCache(
  gateway: Gateway,
  asked: SituatedRequest,
  { request, response, draft }: Pick<Exchange, "request" | "response" | "draft">,
): MaybePromise<CacheTurn> {
  const { controls, feature: name, highLoad } = asked;
  const lifetimeMs = cacheLifetimeMs(controls, name, highLoad);
  const feature = controls.catalog.features.get(name);
  if (lifetimeMs === 0 || feature === undefined) return BYPASS;
  const wish = request.headers["cache-control"] ?? "";
  if (/\bno-store\b/i.test(wish)) return BYPASS;
  // Routing says why; a tier must not get out of the cache what it may not ask for.
  if (!mayAsk(asked)) return BYPASS;
  // Who was erased and has come again is somebody else.
  const life = gateway.directory.lifeOf(asked.userId);
  const owner = feature.cacheScope === "user" ? ownerOf(asked.userId) : "";
  const key = keyOf(asked, feature, { appId: draft.appId, life });
  const miss = (flight: OwnFlight | null): CacheMiss => ({
    status: "miss",
    key,
    owner,
    life: owner === "" ? 0 : life,
    lifetimeMs,
    asked,
    flight,
  });
  if (/\bno-cache\b/i.test(wish)) return miss(null);
  const kept = gateway.cache.find(key, lifetimeMs);
  if (kept !== null) return { status: "hit", answer: kept };
  const flight = gateway.cache.flights.join(key);
  if (flight !== null && !flight.own) return waitForFlight(flight, response, miss);
  const others = gateway.cache.findShared(key, lifetimeMs);
  if (others === null) return miss(flight);
  return others.then((shared) => {
    if (shared === null) return miss(flight);
    flight?.land(shared);
    return { status: "hit", answer: shared };
  });
}

async function waitForFlight(
  flight: OthersFlight,
  response: Exchange["response"],
  miss: (flight: null) => CacheMiss,
): Promise<CacheTurn> {
  const answer = await flight.wait((gone) => {
    if (response.destroyed) gone();
    else response.once("close", gone);
  });
  return answer === null ? miss(null) : { status: "hit", answer };
}

function mayAsk({ endpoint, body: { model }, controls, tier }: SituatedRequest): boolean {
  // Every tier may use every model of embeddings.
  if (endpoint === "embeddings") return controls.catalog.embeddings.has(model);
  return model === AUTO_MODEL || refuseName(controls, tier, model) === null;
}

function keyOf(
  asked: SituatedRequest,
  { name, cacheScope }: Feature,
  { appId, life }: { readonly appId: string; readonly life: number },
): string {
  const { body, controls, facts, tier, userId } = asked;
  const text = cacheKeyText({
    endpoint: PATHS[asked.endpoint],
    body,
    scope: cacheScope,
    appId,
    userId,
    life,
    feature: name,
    tier,
    providers: asked.endpoint === "embeddings" ? controls.catalog.embeddings : controls.catalog.providers,
    maxOutputTokens: boundTokens(facts, tier).maxOutputTokens,
  });
  return hashOfKey(text);
}
