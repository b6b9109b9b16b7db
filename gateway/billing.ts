import { billCall, type CallBill, type CallReport } from "../models/policy/call-bill.ts";
import type { Hold } from "./admission.ts";
import type { Gateway } from "./gateway.ts";
import type { ProviderFailure } from "./providers/provider-client.ts";
import type { RequestDraft } from "./request-draft.ts";

/** Each hold that was taken, with what it was billed; settled when the request's event is durable, unless it was before. */
export type Settlements = {
  readonly hold: Pick<Hold, "id" | "charges">;
  /** As long as its call is under way, what it can cost at most: whatever becomes of it, that is in the books. */
  costNano: number;
  isSettled: boolean;
}[];

interface BilledCall {
  readonly draft: RequestDraft;
  readonly settlements: Settlements;
  readonly provider: string;
  readonly hold: Hold;
  readonly report: CallReport;
}

/** Puts a call that is over into the books. In full, even above the bound: that was promised to the provider, and is told to people. */
export function bill(gateway: Gateway, { draft, settlements, provider, hold, report }: BilledCall): CallBill {
  const billed = billCall(report, hold);
  const { costNano } = billed;
  if (costNano > hold.bound) {
    const { requestId } = draft;
    gateway.overBounds.add({ requestId, provider, boundNano: hold.bound, costNano });
  }
  const settlement = settlements.find((entry) => entry.hold === hold);
  if (settlement !== undefined) settlement.costNano = costNano;
  draft.costNano += costNano;
  return billed;
}

/** What a request's calls were billed so far, and those that are under way can cost at most. */
export function sumOf(settlements: Settlements): number {
  return settlements.reduce((sum, { costNano }) => sum + costNano, 0);
}

/** A provider that broke off, or answered something unreadable, may have done the work. */
export function reportOfFailure({ usage, mayBeBilled }: ProviderFailure): CallReport {
  if (!mayBeBilled) return { end: "refused", reported: usage };
  return { end: usage === null ? "unfinished" : "complete", reported: usage };
}
