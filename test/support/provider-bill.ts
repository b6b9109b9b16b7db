import type { Catalog } from "../../models/domain/catalog.ts";
import { costOf } from "../../models/domain/price.ts";
import type { ProviderBooks } from "../../simulated-provider/books.ts";

/** What the providers would charge for all that they have done, in nano-dollars, by their own books and the catalog's prices. */
export function providerBill(books: Readonly<Record<string, ProviderBooks>>, catalog: Catalog): number {
  return Object.entries(books).reduce((sum, [name, { promptTokens, cachedTokens, completionTokens }]) => {
    const price = catalog.providers.get(name)?.prices[0]?.price;
    if (price === undefined) throw new Error(`no price of ${name}`);
    const usage = {
      input: promptTokens - cachedTokens,
      cachedInput: cachedTokens,
      output: completionTokens,
      reasoning: 0,
    };
    return sum + costOf(usage, price);
  }, 0);
}
