import type { Catalog } from "../../models/domain/catalog.ts";
import { costOf } from "../../models/domain/price.ts";
import type { ProviderBooks } from "../../simulated-provider/books.ts";

/** What the providers would charge for all that they have done, in nano-dollars, by their own books and the catalog's prices. */
export function providerBill(books: Readonly<Record<string, ProviderBooks>>, catalog: Catalog): number {
  return Object.entries(books).reduce((sum, [name, provider]) => {
    const price = catalog.providers.get(name)?.prices[0]?.price;
    if (price === undefined) throw new Error(`no price of ${name}`);
    const { promptTokens, cachedTokens, completionTokens, cacheWriteTokens, webSearches } = provider;
    const usage = {
      input: promptTokens - cachedTokens - cacheWriteTokens,
      cachedInput: cachedTokens,
      output: completionTokens,
      reasoning: 0,
      special: { cacheWrite: cacheWriteTokens, webSearches },
    };
    return sum + costOf(usage, price);
  }, 0);
}
