import type { Tier } from "../models/domain/catalog.ts";
import { PublicError } from "../models/domain/errors.ts";
import type { Controls } from "../models/policy/controls.ts";
import { type Candidate, routeRequest } from "../models/policy/route.ts";
import { gate } from "../models/policy/safeguards.ts";
import type { Gateway } from "./gateway.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { UnderstoodRequest } from "./understand.ts";

/** A request with what holds for it now: limits, and the providers that it may be sent to, in order. */
export interface RoutedRequest extends UnderstoodRequest {
  readonly controls: Controls;
  readonly tier: Tier;
  readonly highLoad: boolean;
  readonly candidates: readonly Candidate[];
}

/** The gates that refuse a request whatever it asks for, then the providers. Throws {@link PublicError} when there is no way. */
export async function chooseProviders(
  gateway: Gateway,
  asked: UnderstoodRequest,
  draft: RequestDraft,
): Promise<RoutedRequest> {
  const controls = gateway.controls.current();
  const user = await gateway.directory.meet(asked.userId, controls.catalog.defaultTier.name);
  const tier = controls.tiers.get(user.tier) ?? controls.catalog.defaultTier;
  draft.controlsVersion = controls.version;
  draft.tier = tier.name;
  const nowMs = gateway.now();
  const { stage, endsAtMs } = await gateway.safeguards.look({ windows: gateway.windows(nowMs), controls });
  const closed = gate({ controls, tier, stage });
  if (closed !== null) {
    const retryAfterSeconds = Math.max(1, Math.ceil(((closed.endsAtMs ?? endsAtMs) - nowMs) / 1000));
    throw new PublicError(closed.code, closed.message, { retryAfterSeconds });
  }
  const highLoad = gateway.load.look(controls).high;
  const route = routeRequest({
    controls,
    tier,
    requestedModel: asked.chat.model,
    feature: asked.feature,
    hourOfDay: gateway.hourOfDay(nowMs),
    stage,
    highLoad,
    unavailable: gateway.providers.unavailable(),
    draw: Math.random(),
  });
  if (!route.ok) throw new PublicError(route.code, route.message, { param: "model" });
  return { ...asked, controls, tier, highLoad, candidates: route.candidates };
}
