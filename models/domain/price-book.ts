import { calcPrice, type ModelPrice } from "@pydantic/genai-prices";
import { nanoFromUsd } from "./money.ts";
import {
  type Price,
  type PriceSchedule,
  picoPerCallFromUsdPerThousand,
  picoPerTokenFromUsdPerMillion,
  type SpecialBucket,
  type TokenRates,
} from "./price.ts";

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
 * A model whose input or output costs nothing there counts as unknown, too: free must be said in the catalog. So does one with a price
 * for something that no endpoint sells or no request bounds.
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

/** The package's price keys of what is priced apart from plain input and output, per million tokens. */
const SPECIAL_TOKEN_KEYS = {
  cacheWrite: [
    "cache_write_mtok",
    "cache_write_5m_mtok",
    "cache_text_write_mtok",
    "cache_text_write_5m_mtok",
  ],
  cacheWriteHour: ["cache_write_1h_mtok", "cache_text_write_1h_mtok"],
  audioInput: [
    "input_audio_mtok",
    "input_audio_tool_mtok",
    "cache_audio_write_mtok",
    "cache_audio_write_5m_mtok",
    "cache_audio_write_1h_mtok",
  ],
  cachedAudioInput: ["cache_audio_read_mtok"],
  imageInput: [
    "input_image_mtok",
    "input_image_tool_mtok",
    "cache_image_write_mtok",
    "cache_image_write_5m_mtok",
    "cache_image_write_1h_mtok",
  ],
  cachedImageInput: ["cache_image_read_mtok"],
  videoInput: [
    "input_video_mtok",
    "input_video_tool_mtok",
    "cache_video_read_mtok",
    "cache_video_write_mtok",
    "cache_video_write_5m_mtok",
    "cache_video_write_1h_mtok",
  ],
  citations: ["output_citation_mtok", "output_text_citation_mtok"],
  audioOutput: ["output_audio_mtok", "output_audio_reasoning_mtok", "output_audio_citation_mtok"],
  imageOutput: ["output_image_mtok", "output_image_reasoning_mtok", "output_image_citation_mtok"],
  videoOutput: ["output_video_mtok", "output_video_reasoning_mtok", "output_video_citation_mtok"],
} as const satisfies Partial<Record<SpecialBucket, readonly string[]>>;

/** The same per thousand calls of a provider's own tools. */
const TOOL_KEYS = {
  webSearches: ["web_searches_kcount", "social_searches_kcount"],
  fileSearches: ["storage_searches_kcount"],
  codeExecutions: ["code_executions_kcount"],
} as const satisfies Partial<Record<SpecialBucket, readonly string[]>>;

const INPUT_KEYS = ["input_mtok", "input_text_mtok", "input_tool_mtok", "input_text_tool_mtok"];
const CACHED_KEYS = ["cache_read_mtok", "cache_text_read_mtok"];
const OUTPUT_KEYS = ["output_mtok", "output_text_mtok"];
const REASONING_KEYS = ["output_reasoning_mtok", "output_text_reasoning_mtok"];
const REQUEST_KEYS = ["requests_kcount"];

/** Every price key of the package that {@link listPrices} makes use of. */
export const USED_PRICE_KEYS: readonly string[] = [
  ...INPUT_KEYS,
  ...CACHED_KEYS,
  ...OUTPUT_KEYS,
  ...REASONING_KEYS,
  ...REQUEST_KEYS,
  ...Object.values(SPECIAL_TOKEN_KEYS).flat(),
  ...Object.values(TOOL_KEYS).flat(),
];

/** Those of what no endpoint sells (transcription, pages, speech, ranking). A model with such a price has none here. */
export const UNSOLD_PRICE_KEYS: readonly string[] = [
  "audio_hours",
  "input_audio_hours",
  "output_audio_hours",
  "input_document_kpages",
  "input_annotated_document_kpages",
  "input_gpixels",
  "input_mchars",
  "input_text_messages_kcount",
  "output_gpixels",
  "output_mchars",
  "rerank_searches_kcount",
];

/** What a model reads by itself has no bound that follows from the request: the catalog must say one (`extrasPerRequest`). */
const UNBOUNDED_KEYS: readonly string[] = SPECIAL_TOKEN_KEYS.citations;

function priceOf(entry: ModelPrice): Price | null {
  const given = Object.keys(entry).filter((key) => entry[key] !== undefined);
  if (given.some((key) => !USED_PRICE_KEYS.includes(key) || UNBOUNDED_KEYS.includes(key))) return null;
  const base = ratesAt(entry, 0);
  if (base === null) return null;
  const steps = given.flatMap((key) => {
    const value = entry[key];
    return isTiered(value) ? value.tiers.map(({ start }) => start) : [];
  });
  const longContext = [...new Set(steps)]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInputTokens: start, rates: ratesAt(entry, start) ?? base }));
  const perThousandRequests = dearest(entry, REQUEST_KEYS, 0) ?? 0;
  return { rates: base, longContext, perRequest: nanoFromUsd(perThousandRequests / 1000) };
}

/** Rates of a request that is longer than `start` tokens; null when input or output has no price above 0. */
function ratesAt(entry: ModelPrice, start: number): TokenRates | null {
  const input = dearest(entry, INPUT_KEYS, start);
  const output = dearest(entry, OUTPUT_KEYS, start);
  if (input === undefined || output === undefined || input <= 0 || output <= 0) return null;
  const reasoning = dearest(entry, REASONING_KEYS, start);
  const special = specialRates(entry, start);
  return {
    input: picoPerTokenFromUsdPerMillion(input),
    cachedInput: picoPerTokenFromUsdPerMillion(dearest(entry, CACHED_KEYS, start) ?? input),
    output: picoPerTokenFromUsdPerMillion(output),
    ...(reasoning === undefined ? {} : { reasoning: picoPerTokenFromUsdPerMillion(reasoning) }),
    ...(Object.keys(special).length === 0 ? {} : { special }),
  };
}

function specialRates(entry: ModelPrice, start: number): NonNullable<TokenRates["special"]> {
  const rates = (
    keys: Partial<Record<SpecialBucket, readonly string[]>>,
    picoFrom: (usd: number) => number,
  ) =>
    Object.entries(keys).flatMap(([bucket, names]) => {
      const usd = dearest(entry, names, start);
      return usd === undefined ? [] : [[bucket, picoFrom(usd)]];
    });
  return Object.fromEntries([
    ...rates(SPECIAL_TOKEN_KEYS, picoPerTokenFromUsdPerMillion),
    ...rates(TOOL_KEYS, picoPerCallFromUsdPerThousand),
  ]);
}

/** Of several keys for what is one bucket here, in a request that is longer than `start` tokens; undefined: none has a price. */
function dearest(entry: ModelPrice, keys: readonly string[], start: number): number | undefined {
  const prices = keys.flatMap((key) => {
    const value = entry[key];
    if (value === undefined) return [];
    if (!isTiered(value)) return [value];
    return [value.tiers.findLast((tier) => tier.start <= start && start > 0)?.price ?? value.base];
  });
  return prices.length === 0 ? undefined : Math.max(...prices);
}

type PriceValue = ModelPrice[string];

/** The package types steps as a class, but its bundled data are plain objects: only the shape tells. */
function isTiered(value: PriceValue): value is Exclude<PriceValue, number | undefined> {
  return typeof value === "object";
}
