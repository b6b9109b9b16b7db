import { calcPrice, type ModelPrice } from "@pydantic/genai-prices";
import { nanoFromUsd } from "./money.ts";
import { type Price, type PriceSchedule, picoPerTokenFromUsdPerMillion, type TokenRates } from "./price.ts";

/** Which model, and where it is called: the package tells providers apart by their API's address. */
export interface PricedModel {
  readonly model: string;
  readonly baseUrl: string;
  /** The provider's id in the package, when the address does not tell. */
  readonly pricedAs?: string | undefined;
}

const ONE_TOKEN_EACH = { input_tokens: 1, output_tokens: 1 };

/**
 * The list prices of a model from `@pydantic/genai-prices`; empty when the package does not know it.
 * A model whose input or output costs nothing there counts as unknown, too: free must be said in the catalog.
 */
export function listPrices({ model, baseUrl, pricedAs }: PricedModel): PriceSchedule {
  const found = calcPrice(
    ONE_TOKEN_EACH,
    model,
    pricedAs === undefined ? { providerApiUrl: baseUrl } : { providerId: pricedAs },
  );
  if (found === null) return [];
  const { prices } = found.model;
  const entries = Array.isArray(prices) ? prices : [{ prices }];
  // A price that depends on the time of day has no place in a schedule of dates; the model then needs one in the catalog.
  if (entries.some(({ constraint }) => constraint?.type === "time_of_date")) return [];
  const schedule = entries.map(({ constraint, prices: entry }) => ({
    fromMs: constraint?.type === "start_date" ? Date.parse(`${constraint.start_date}T00:00:00Z`) : -Infinity,
    price: priceOf(entry),
  }));
  if (schedule.some(({ price }) => price === null)) return [];
  return schedule
    .flatMap(({ fromMs, price }) => (price === null ? [] : [{ fromMs, price }]))
    .sort((a, b) => a.fromMs - b.fromMs);
}

function priceOf(entry: ModelPrice): Price | null {
  const base = ratesAt(entry, 0);
  if (base === null) return null;
  const steps = [entry.input_mtok, entry.output_mtok, entry.cache_read_mtok].flatMap((value) =>
    isTiered(value) ? value.tiers.map(({ start }) => start) : [],
  );
  const longContext = [...new Set(steps)]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInputTokens: start, rates: ratesAt(entry, start) ?? base }));
  const perThousandRequests = entry.requests_kcount;
  const perRequest =
    typeof perThousandRequests === "number" ? nanoFromUsd(perThousandRequests / 1000) : nanoFromUsd(0);
  return { rates: base, longContext, perRequest };
}

/** Rates of a request that is longer than `start` tokens; null when input or output has no price above 0. */
function ratesAt(entry: ModelPrice, start: number): TokenRates | null {
  const at = (name: string): number | undefined => {
    const value = entry[name];
    if (!isTiered(value)) return value;
    return value.tiers.findLast((tier) => tier.start <= start && start > 0)?.price ?? value.base;
  };
  const input = at("input_mtok");
  const output = at("output_mtok");
  if (input === undefined || output === undefined || input <= 0 || output <= 0) return null;
  return {
    input: picoPerTokenFromUsdPerMillion(input),
    cachedInput: picoPerTokenFromUsdPerMillion(at("cache_read_mtok") ?? input),
    output: picoPerTokenFromUsdPerMillion(output),
  };
}

type PriceValue = ModelPrice[string];

/** The package types steps as a class, but its bundled data are plain objects: only the shape tells. */
function isTiered(value: PriceValue): value is Exclude<PriceValue, number | undefined> {
  return typeof value === "object";
}
