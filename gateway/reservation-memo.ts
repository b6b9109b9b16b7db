import { z } from "zod";
import type { Provider } from "../models/domain/catalog.ts";
import { requestEvent } from "../models/domain/request-event.ts";
import type { TokenBound } from "../models/policy/estimate.ts";
import type { RequestDraft } from "./request-draft.ts";

/** What an `orphaned` event needs to know of a request whose process has died. */
export const reservationMemo = requestEvent
  .pick({
    event_id: true,
    request_id: true,
    ts: true,
    app_id: true,
    user_id: true,
    tier: true,
    feature: true,
    country: true,
    device: true,
    controls_version: true,
    requested_model: true,
    provider: true,
    model: true,
    route_reason: true,
    stream: true,
    input_tokens: true,
    output_tokens: true,
  })
  .extend({ prior_cost: z.number().int().nonnegative() });

export type ReservationMemo = z.infer<typeof reservationMemo>;

export interface MemoFacts {
  readonly draft: RequestDraft;
  readonly provider: Pick<Provider, "name" | "model">;
  readonly tokens: Pick<TokenBound, "inputTokens" | "outputTokens">;
  readonly priorCostNano: number;
}

/** The text that the usage store keeps beside a reservation; {@link reservationMemo} reads it. */
export function memoOf({ draft, provider, priorCostNano, tokens }: MemoFacts): string {
  return JSON.stringify({
    event_id: draft.eventId,
    request_id: draft.requestId,
    ts: draft.ts,
    app_id: draft.appId,
    user_id: draft.userId,
    tier: draft.tier,
    feature: draft.feature,
    country: draft.country,
    device: draft.device,
    controls_version: draft.controlsVersion,
    requested_model: draft.requestedModel,
    provider: provider.name,
    model: provider.model,
    route_reason: draft.routeReason,
    stream: draft.stream,
    input_tokens: tokens.inputTokens,
    output_tokens: tokens.outputTokens,
    prior_cost: priorCostNano,
  });
}
