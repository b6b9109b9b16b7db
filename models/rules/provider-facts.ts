import type { Catalog } from "../domain/catalog.ts";
import { costOf, priceAt } from "../domain/price.ts";
import type { ProviderFacts } from "./actions.ts";

/** What one provider has carried today, with its tokens per request. Money in nano-dollars. */
export interface ProviderDay {
  readonly provider: string;
  readonly requests: number;
  readonly cost: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A request before there is any traffic to take the mean of. */
const TYPICAL_INPUT_TOKENS = 500;
const TYPICAL_OUTPUT_TOKENS = 300;

/** Every provider of the catalog, priced for the same request: the mean one of today. */
export function providerFacts(
  catalog: Catalog,
  today: readonly ProviderDay[],
  nowMs: number,
): ProviderFacts[] {
  const usage = typicalUsage(today);
  return [...catalog.providers.values()].map(({ name, quality, prices }) => {
    const price = priceAt(prices, nowMs);
    const day = today.find(({ provider }) => provider === name);
    return {
      name,
      quality,
      typicalCost: price === undefined ? null : costOf(usage, price),
      requestsToday: day?.requests ?? 0,
      spendToday: day?.cost ?? 0,
    };
  });
}

function typicalUsage(today: readonly ProviderDay[]) {
  const requests = today.reduce((sum, day) => sum + day.requests, 0);
  const mean = (read: (day: ProviderDay) => number, fallback: number): number =>
    requests === 0 ? fallback : Math.round(today.reduce((sum, day) => sum + read(day), 0) / requests);
  return {
    input: mean((day) => day.inputTokens, TYPICAL_INPUT_TOKENS),
    cachedInput: 0,
    output: mean((day) => day.outputTokens, TYPICAL_OUTPUT_TOKENS),
    reasoning: 0,
  };
}
