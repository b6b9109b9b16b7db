import type { Provider, Tier } from "../models/domain/catalog.ts";
import type { Charge } from "../models/domain/charge.ts";
import { PublicError } from "../models/domain/errors.ts";
import type { UserId } from "../models/domain/ids.ts";
import type { NanoUsd } from "../models/domain/money.ts";
import { type Price, priceAt } from "../models/domain/price.ts";
import { actualAmounts, chargesFor } from "../models/policy/charges.ts";
import type { Controls } from "../models/policy/controls.ts";
import { denialOf } from "../models/policy/denial.ts";
import { boundCost, type TokenBound } from "../models/policy/estimate.ts";
import type { Gateway } from "./gateway.ts";
import type { RequestDraft } from "./request-draft.ts";
import { UsageStoreError } from "./usage-store.ts";

/** One provider's part of a request: its cost is reserved, and settled exactly once. */
export interface Hold {
  readonly id: string;
  readonly charges: readonly Charge[];
  readonly price: Price;
  readonly bound: NanoUsd;
  readonly expiresAtMs: number;
}

export type AdmissionResult =
  | { readonly ok: true; readonly hold: Hold }
  | { readonly ok: false; readonly denial: PublicError; readonly unit: Charge["unit"] };

export interface AdmissionQuestion {
  readonly draft: RequestDraft;
  readonly controls: Controls;
  readonly tier: Tier;
  readonly userId: UserId;
  readonly provider: Provider;
  readonly tokens: TokenBound;
  /** How many providers were tried before. */
  readonly hop: number;
  /** What they were billed. */
  readonly priorCostNano: number;
}

/** How long a settlement that is on its way may take to make room before a request is denied. */
const SETTLEMENT_WAIT_MS = 500;
/** A reservation outlives its call's longest time by this much, then its request cannot be running any more. */
const EXPIRY_MARGIN_MS = 60_000;

/** Reserves the most that one call may cost, in every scope at once or in none. */
export async function admit(gateway: Gateway, question: AdmissionQuestion): Promise<AdmissionResult> {
  const nowMs = gateway.now();
  const price = priceAt(question.provider.prices, nowMs);
  if (price === undefined) {
    const denial = new PublicError(
      "unpriced_model",
      `provider "${question.provider.name}" has no price today`,
    );
    return { ok: false, denial, unit: "nano-usd" };
  }
  const bound = boundCost(price, question.tokens);
  const { controls, tier, userId, hop } = question;
  const charges = chargesFor({ controls, tier, userId, bound, hop, windows: gateway.windows(nowMs) });
  const id = `${question.draft.requestId}/${hop}`;
  const expiresAtMs = nowMs + question.provider.timeoutMs + EXPIRY_MARGIN_MS;
  const reservation = { id, charges, expiresAtMs, memo: memoOf(question) };
  let result = await reserve(gateway, reservation);
  if (!result.ok && gateway.recorder.pending() > 0) {
    // Requests that are over may still hold their bounds for a moment: nobody is denied because of them.
    await gateway.recorder.flushed(SETTLEMENT_WAIT_MS);
    result = await reserve(gateway, reservation);
  }
  if (result.ok) return { ok: true, hold: { id, charges, price, bound, expiresAtMs } };
  const { code, message, retryAfterSeconds } = denialOf(result.denied, controls, nowMs);
  return {
    ok: false,
    denial: new PublicError(code, message, { retryAfterSeconds }),
    unit: result.denied.unit,
  };
}

/** Replaces what was reserved by what was billed. */
export async function settle(gateway: Gateway, hold: Hold, costNano: number): Promise<void> {
  await gateway.usage.settle(hold.id, actualAmounts(hold.charges, costNano));
}

async function reserve(gateway: Gateway, reservation: Parameters<Gateway["usage"]["reserve"]>[0]) {
  try {
    return await gateway.usage.reserve(reservation);
  } catch (error) {
    if (!(error instanceof UsageStoreError)) throw error;
    gateway.logger.error({ err: error }, "budgets cannot be checked");
    throw new PublicError("usage_store_unavailable", "budgets cannot be checked at the moment", {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

/** What an `orphaned` event needs when this process dies before the request is over. */
function memoOf({ draft, provider, priorCostNano, tokens }: AdmissionQuestion): string {
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
