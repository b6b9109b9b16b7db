import type { Tier } from "../models/domain/catalog.ts";
import { PublicError } from "../models/domain/errors.ts";
import { needsOf } from "../models/policy/ability.ts";
import type { Controls } from "../models/policy/controls.ts";
import { type Candidate, type RouteResult, routeEmbedding, routeRequest } from "../models/policy/route.ts";
import { gate, type Stage } from "../models/policy/safeguards.ts";
import type { Gateway } from "./gateway.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { UnderstoodRequest } from "./understand.ts";

// These are made for each request. Written out, they cost a tenth of what a spread does.

/** A request with what holds for it now: its tier, the controls, the load. */
export interface SituatedRequest extends UnderstoodRequest {
  readonly controls: Controls;
  readonly tier: Tier;
  readonly stage: Stage;
  readonly highLoad: boolean;
}

/** And with the providers that it may be sent to, in order. */
export interface RoutedRequest extends SituatedRequest {
  readonly candidates: readonly Candidate[];
}

/** When providers cannot be called, their breakers try again within that time. */
const NO_PROVIDER_RETRY_SECONDS = 5;

/** The gates that refuse a request whatever it asks for, then the providers. Throws {@link PublicError} when there is no way. */
export async function chooseProviders(
  gateway: Gateway,
  asked: UnderstoodRequest,
  draft: RequestDraft,
): Promise<RoutedRequest> {
  return route(gateway, await passGates(gateway, asked, draft));
}

/** Throws {@link PublicError} for a request that is refused whatever it asks for. */
export async function passGates(
  gateway: Gateway,
  asked: UnderstoodRequest,
  draft: RequestDraft,
): Promise<SituatedRequest> {
  const controls = gateway.controls.currentFor(asked.userId);
  const met = gateway.directory.meet(asked.userId, controls.catalog.defaultTier.name);
  const user = met instanceof Promise ? await met : met;
  const tier = controls.tiers.get(user.tier) ?? controls.catalog.defaultTier;
  draft.controlsVersion = controls.version;
  draft.tier = tier.name;
  const nowMs = gateway.now();
  const seen = gateway.safeguards.look({ windows: gateway.windows(nowMs), controls });
  const { stage, endsAtMs } = seen instanceof Promise ? await seen : seen;
  const closed = gate({ controls, tier, stage });
  if (closed !== null) {
    const retryAfterSeconds = Math.max(1, Math.ceil(((closed.endsAtMs ?? endsAtMs) - nowMs) / 1000));
    throw new PublicError(closed.code, closed.message, { retryAfterSeconds });
  }
  const { high: highLoad } = gateway.load.look(controls);
  const { endpoint, body, parsed, facts, userId, feature } = asked;
  return { endpoint, body, parsed, facts, userId, feature, controls, tier, stage, highLoad };
}

/** Throws {@link PublicError} when no provider can be called, or not the one that was asked for. */
export function route(gateway: Gateway, asked: SituatedRequest): RoutedRequest {
  const { controls, tier, stage, highLoad } = asked;
  const unavailable = gateway.health.unavailable(gateway.providers.unavailable());
  const requestedModel = asked.body.model;
  if (asked.endpoint === "embeddings") {
    return routed(asked, routeEmbedding({ controls, requestedModel, unavailable }));
  }
  const found = routeRequest({
    controls,
    tier,
    requestedModel,
    feature: asked.feature,
    hourOfDay: gateway.hourOfDay(gateway.now()),
    stage,
    highLoad,
    unavailable,
    slow: gateway.health.slow(),
    needs: needsOf(asked.facts, tier),
    draw: Math.random(),
  });
  return routed(asked, found);
}

function routed(asked: SituatedRequest, found: RouteResult): RoutedRequest {
  if (found.ok) {
    const { endpoint, body, parsed, facts, userId, feature, controls, tier, stage, highLoad } = asked;
    const { candidates } = found;
    return {
      endpoint,
      body,
      parsed,
      facts,
      userId,
      feature,
      controls,
      tier,
      stage,
      highLoad,
      candidates,
    };
  }
  const more = found.code === "no_provider" ? { retryAfterSeconds: NO_PROVIDER_RETRY_SECONDS } : {};
  throw new PublicError(found.code, found.message, { param: "model", ...more });
}
