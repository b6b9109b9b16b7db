import type { Provider } from "../models/domain/catalog.ts";
import type { Charge } from "../models/domain/charge.ts";
import { PublicError } from "../models/domain/errors.ts";
import { type NanoUsd, ZERO_USD } from "../models/domain/money.ts";
import { type Price, priceAt } from "../models/domain/price.ts";
import { actualAmounts, chargesFor } from "../models/policy/charges.ts";
import { busyDenial, denialOf, isBusy } from "../models/policy/denial.ts";
import { boundCost, type TokenBound } from "../models/policy/estimate.ts";
import { withFee } from "../models/policy/extra-cost.ts";
import {
  allowanceCharges,
  type RequestAllowance,
  requestAllowance,
} from "../models/policy/request-allowance.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import type { RequestDraft } from "./request-draft.ts";
import { memoOf } from "./reservation-memo.ts";
import type { SituatedRequest } from "./routing.ts";
import type { Reservation, ReserveResult } from "./usage-store.ts";

/** One provider's part of a request: its cost is reserved, and settled exactly once. */
export interface Hold {
  readonly id: string;
  readonly charges: readonly Charge[];
  readonly price: Price;
  readonly bound: NanoUsd;
  readonly tokens: TokenBound;
  readonly expiresAtMs: number;
}

export type AdmissionResult =
  | { readonly ok: true; readonly hold: Hold }
  | {
      readonly ok: false;
      readonly denial: PublicError;
      readonly unit: Charge["unit"];
      /** Nothing else stands in the way but what trying providers may cost today. */
      readonly explored: boolean;
    };

export interface AdmissionQuestion {
  readonly asked: Pick<SituatedRequest, "controls" | "tier" | "userId" | "highLoad">;
  readonly work: Pick<Exchange, "draft" | "isGone">;
  readonly provider: Provider;
  /** Where it is tried in order to learn: nano-dollars that such calls may cost today. */
  readonly explorationLimit?: number | undefined;
  readonly tokens: TokenBound;
  /** What the parameters that the catalog allows may cost beside tokens; absent: nothing. */
  readonly extraFee?: NanoUsd;
  /** Wait for requests in flight to leave room. */
  readonly patient: boolean;
  /** How many providers were tried before. */
  readonly hop: number;
  /** What they were billed. */
  readonly priorCostNano: number;
}

/** How long a request waits for those in flight to leave room before it is denied. */
const ROOM_WAIT_MS = 5_000;
/** Where counters are shared, what other gateways settle is noticed that soon. */
const ROOM_LOOK_MS = 250;
/** The same for a request that has another provider to try: only what is over already is waited for. */
const SETTLEMENT_WAIT_MS = 500;
/** A reservation outlives its call's longest time by this much, then its request cannot be running any more. */
const EXPIRY_MARGIN_MS = 60_000;

/** Reserves the most that one call may cost, in every scope at once or in none. */
export async function admit(gateway: Gateway, question: AdmissionQuestion): Promise<AdmissionResult> {
  const nowMs = gateway.now();
  const listed = priceAt(question.provider.prices, nowMs);
  if (listed === undefined) {
    const denial = new PublicError(
      "unpriced_model",
      `provider "${question.provider.name}" has no price today`,
    );
    return { ok: false, denial, unit: "nano-usd", explored: false };
  }
  const price = withFee(listed, question.extraFee ?? ZERO_USD);
  const bound = boundCost(price, question.tokens);
  const { asked, work, provider, explorationLimit, tokens, hop, priorCostNano } = question;
  const { controls, tier, userId, highLoad } = asked;
  const windows = gateway.windows(nowMs);
  const charges = chargesFor({ controls, tier, userId, bound, hop, windows, highLoad, explorationLimit });
  const id = `${work.draft.requestId}/${hop}`;
  const expiresAtMs = nowMs + provider.timeoutMs + EXPIRY_MARGIN_MS;
  const memo = memoOf({ draft: work.draft, provider, tokens, priorCostNano });
  const reservation = { id, charges, expiresAtMs, memo };
  let result = await gateway.usage.reserve(reservation);
  if (!result.ok) result = await waitForRoom(gateway, reservation, { question, refused: result });
  if (hop === 0) {
    const allowance = allowanceAfter(gateway, charges, result);
    work.draft.allowance = allowance instanceof Promise ? await allowance : allowance;
  }
  if (result.ok) return { ok: true, hold: { id, charges, price, bound, tokens, expiresAtMs } };
  const denial = denialOf(result.denied, controls, nowMs);
  const told = isBusy(result.denied, result.state, priorCostNano) ? busyDenial(denial) : denial;
  const { code, message, retryAfterSeconds } = told;
  return {
    ok: false,
    denial: new PublicError(code, message, { retryAfterSeconds }),
    unit: result.denied.unit,
    explored: isExploring(result),
  };
}

export type CachedAdmission =
  | { readonly ok: true; readonly hold: Pick<Hold, "id" | "charges"> }
  | { readonly ok: false; readonly denial: PublicError };

/** An answer out of the cache counts as a request, and costs nothing. */
export async function admitCached(
  gateway: Gateway,
  { controls, tier, userId, highLoad }: AdmissionQuestion["asked"],
  draft: RequestDraft,
): Promise<CachedAdmission> {
  const nowMs = gateway.now();
  const windows = gateway.windows(nowMs);
  const all = chargesFor({ controls, tier, userId, bound: ZERO_USD, hop: 0, windows, highLoad });
  const charges = all.filter(({ unit }) => unit === "requests");
  const id = `${draft.requestId}/0`;
  const memo = memoOf({
    draft,
    provider: { name: "", model: "" },
    tokens: { inputTokens: 0, outputTokens: 0 },
    priorCostNano: 0,
  });
  const expiresAtMs = nowMs + EXPIRY_MARGIN_MS;
  const result = await gateway.usage.reserve({ id, charges, expiresAtMs, memo });
  draft.allowance = await allowanceAfter(gateway, charges, result);
  if (result.ok) return { ok: true, hold: { id, charges } };
  const { code, message, retryAfterSeconds } = denialOf(result.denied, controls, nowMs);
  return { ok: false, denial: new PublicError(code, message, { retryAfterSeconds }) };
}

/** Nobody is denied because of a reservation that is about to become less: it is waited for, for a bounded time. */
async function waitForRoom(
  gateway: Gateway,
  reservation: Reservation,
  { question, refused }: { readonly question: AdmissionQuestion; readonly refused: Refusal },
): Promise<ReserveResult> {
  const { patient, priorCostNano, work } = question;
  // It need not be tried; others are asked.
  if (isExploring(refused)) return refused;
  if (!isBusy(refused.denied, refused.state, priorCostNano)) return refused;
  if (!patient) {
    if (gateway.recorder.pending() === 0) return refused;
    await gateway.recorder.flushed(SETTLEMENT_WAIT_MS);
    return gateway.usage.reserve(reservation);
  }
  let result: ReserveResult = refused;
  const deadlineMs = gateway.monotonicMs() + ROOM_WAIT_MS;
  while (!result.ok && isBusy(result.denied, result.state, priorCostNano)) {
    const leftMs = deadlineMs - gateway.monotonicMs();
    if (leftMs <= 0 || work.isGone()) return result;
    const { key } = result.denied;
    if (!(await gateway.room.wait(key, Math.min(leftMs, ROOM_LOOK_MS)))) return result;
    result = await gateway.usage.reserve(reservation);
    // There may be room for the next one, too.
    if (result.ok) gateway.room.freed([key]);
  }
  return result;
}

type Refusal = Extract<ReserveResult, { ok: false }>;

function isExploring(result: ReserveResult): boolean {
  return !result.ok && result.denied.scope === "explored-day";
}

/** Without asking the store again when it has told the counters. */
function allowanceAfter(
  gateway: Gateway,
  charges: readonly Charge[],
  result: ReserveResult,
): MaybePromise<RequestAllowance | null> {
  const limiting = allowanceCharges(charges);
  if (limiting.length === 0) return null;
  const told = result.ok ? result.states : undefined;
  if (told !== undefined) {
    const isLimiting = charges.map((charge) => limiting.includes(charge));
    return requestAllowance(
      limiting,
      told.filter((_state, at) => isLimiting[at]),
    );
  }
  const states = gateway.usage.read(limiting.map(({ key }) => key));
  return states instanceof Promise
    ? states.then((read) => requestAllowance(limiting, read))
    : requestAllowance(limiting, states);
}

/** Replaces what was reserved by what was billed. */
export function settle(
  gateway: Gateway,
  hold: Pick<Hold, "id" | "charges">,
  costNano: number,
): MaybePromise<void> {
  const settled = gateway.usage.settle(hold.id, actualAmounts(hold.charges, costNano));
  if (settled instanceof Promise) return settled.then(() => freeRoom(gateway, hold.charges));
  return freeRoom(gateway, hold.charges);
}

function freeRoom({ room }: Gateway, charges: readonly Charge[]): void {
  if (room.waiting() === 0) return;
  room.freed(charges.filter(({ unit }) => unit === "nano-usd").map(({ key }) => key));
}
