import { costOf, type TokenUsage } from "../models/domain/price.ts";
import type { TokenBound } from "../models/policy/estimate.ts";
import type { Hold } from "./admission.ts";
import type { Gateway } from "./gateway.ts";
import type { ProviderFailure } from "./providers/provider-client.ts";
import type { RequestDraft } from "./request-draft.ts";

/** Each hold that was taken, with what it was billed; settled when the request's event is durable, unless it was before. */
export type Settlements = {
  readonly hold: Pick<Hold, "id" | "charges">;
  costNano: number;
  isSettled: boolean;
}[];

interface Bill {
  readonly draft: RequestDraft;
  readonly settlements: Settlements;
  readonly provider: string;
  readonly hold: Hold;
  readonly costNano: number;
}

/** In full, even above the bound: that was promised to the provider, and is told to people. */
export function bill(gateway: Gateway, { draft, settlements, provider, hold, costNano }: Bill): void {
  if (costNano > hold.bound) {
    const { requestId } = draft;
    gateway.overBounds.add({ requestId, provider, boundNano: hold.bound, costNano });
  }
  const settlement = settlements.find((entry) => entry.hold === hold);
  if (settlement !== undefined) settlement.costNano = costNano;
  draft.costNano = sumOf(settlements);
}

/** What a request's calls were billed so far. */
export function sumOf(settlements: Settlements): number {
  return settlements.reduce((sum, { costNano }) => sum + costNano, 0);
}

/**
 * What a failed call is billed. A provider that answered with an error status bills nothing. One that broke off, or answered
 * something unreadable, may have done the work: it is billed at the bound, so that the books are never below the provider's.
 */
export function costOfFailure({ mayBeBilled }: ProviderFailure, hold: Hold): number {
  return mayBeBilled ? hold.bound : 0;
}

/** What one answer costs: as reported, or at the bound where nothing was. */
export function costOfAnswer(usage: TokenUsage | null, hold: Hold): number {
  return usage === null ? hold.bound : costOf(usage, hold.price);
}

/** English has about four bytes a token, CJK text two to three; fewer make the count err on the provider's side. */
const BYTES_PER_TOKEN = 2;

/** What a stream without a usage report is billed: its input at the bound, its output by what came, at most the bound. */
export function countedTokens(generatedBytes: number, tokens: TokenBound): TokenUsage {
  const output = Math.min(tokens.outputTokens, Math.ceil(generatedBytes / BYTES_PER_TOKEN));
  return { input: tokens.inputTokens, cachedInput: 0, output, reasoning: 0 };
}
