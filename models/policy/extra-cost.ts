import type { Provider } from "../domain/catalog.ts";
import { type NanoUsd, ZERO_USD } from "../domain/money.ts";
import type { Price } from "../domain/price.ts";

/** What parameters that the catalog allows at a provider add to a call at most. */
export interface ExtraCost {
  readonly fee: NanoUsd;
  readonly inputTokens: number;
}

const NOTHING: ExtraCost = { fee: ZERO_USD, inputTokens: 0 };

/** Of those that are sent: all of them together. */
export function extraCost(
  { extraParameters }: Pick<Provider, "extraParameters">,
  names: readonly string[],
): ExtraCost {
  if (names.length === 0) return NOTHING;
  let fee = 0;
  let inputTokens = 0;
  for (const name of names) {
    fee += extraParameters.get(name)?.fee ?? 0;
    inputTokens += extraParameters.get(name)?.inputTokens ?? 0;
  }
  return { fee: fee as NanoUsd, inputTokens };
}

/** The price of a call that has them: the fee is in its bound and in its bill. */
export function withFee(price: Price, fee: NanoUsd): Price {
  return fee === 0 ? price : { ...price, perRequest: price.perRequest + fee };
}
