import type { NanoUsd } from "../domain/money.ts";
import { costOf, NO_TOKENS, type Price, type TokenUsage } from "../domain/price.ts";
import type { TokenBound } from "./estimate.ts";

/** How far a call to a provider came, and what the provider has reported of it. */
export interface CallReport {
  /**
   * - `complete`: the provider's answer has ended, so that what it reported is all that it will report;
   * - `unfinished`: the line broke, the time was up, the client left, or it cannot be read: the provider may have done all of the work;
   * - `refused`: the provider answered with an error status, or was never reached.
   */
  readonly end: "complete" | "unfinished" | "refused";
  /** Null: nothing, or nothing that makes sense. */
  readonly reported: TokenUsage | null;
}

/** What was reserved for the call, and at which price. */
export interface CallReserve {
  readonly price: Price;
  /** {@link boundCost} of the tokens at the price. */
  readonly bound: NanoUsd;
  readonly tokens: Pick<TokenBound, "inputTokens" | "outputTokens">;
}

export interface CallBill {
  readonly tokens: TokenUsage;
  readonly costNano: number;
}

const NOTHING: CallBill = { tokens: NO_TOKENS, costNano: 0 };

/**
 * What a call is billed: never less than its provider charges, and exactly that where the provider has said it.
 *
 * | end        | usage reported                  | no usage reported |
 * | ---------- | ------------------------------- | ----------------- |
 * | complete   | as reported, also above the bound | the bound         |
 * | unfinished | the larger of report and bound  | the bound         |
 * | refused    | as reported                     | nothing           |
 *
 * What an unfinished call has reported is what it had cost by then; what it cost after that, nobody knows. What came of an answer is no
 * measure, because a model may think long before it says a word.
 */
export function billCall({ end, reported }: CallReport, { price, bound, tokens }: CallReserve): CallBill {
  if (reported !== null) {
    const costNano = costOf(reported, price);
    if (end !== "unfinished" || costNano > bound) return { tokens: reported, costNano };
  }
  if (end === "refused") return NOTHING;
  const { inputTokens, outputTokens } = tokens;
  return { tokens: { ...NO_TOKENS, input: inputTokens, output: outputTokens }, costNano: bound };
}
