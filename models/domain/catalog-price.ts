import { z } from "zod";
import type { AdapterName } from "./catalog.ts";
import { MAX_USD, nanoFromUsd } from "./money.ts";
import {
  type Price,
  picoPerCallFromUsdPerThousand,
  picoPerTokenFromUsdPerMillion,
  type SpecialBucket,
  type TokenRates,
} from "./price.ts";

const usd = z.number().min(0).max(MAX_USD);

/** A price as an operator writes it. Money in dollars. */
export const priceEntry = z.strictObject({
  /** The day (in the catalog's time zone) from which it holds; absent = always. */
  from: z.iso.date().optional(),
  inputPerMillion: usd,
  cachedInputPerMillion: usd.optional(),
  outputPerMillion: usd,
  perRequest: usd.default(0),
  /** Absent: the most that is known of providers of this kind, 1.25 and 2 times the input. */
  cacheWritePerMillion: usd.optional(),
  cacheWriteHourPerMillion: usd.optional(),
  /** Absent: as output. */
  reasoningPerMillion: usd.optional(),
  /** Absent: as input, cached input, output. */
  audioInputPerMillion: usd.optional(),
  cachedAudioInputPerMillion: usd.optional(),
  imageInputPerMillion: usd.optional(),
  cachedImageInputPerMillion: usd.optional(),
  videoInputPerMillion: usd.optional(),
  citationsPerMillion: usd.optional(),
  audioOutputPerMillion: usd.optional(),
  imageOutputPerMillion: usd.optional(),
  videoOutputPerMillion: usd.optional(),
  /** Of the provider's own tools. Absent: $10, which is the most that is known; at Perplexity its fee for a request holds them. */
  webSearchPerThousand: usd.optional(),
  fileSearchPerThousand: usd.optional(),
  codeExecutionPerThousand: usd.optional(),
  /** What a call can cost beside its prompt, its answer and `perRequest` (tools, sources that it reads): it is reserved, not billed. */
  extrasPerRequest: usd.default(0),
  /** Prices of a whole request whose input is longer; what is absent stays as it is above. */
  longContext: z
    .array(
      z.strictObject({
        aboveInputTokens: z.number().int().min(1).max(100_000_000),
        inputPerMillion: usd,
        cachedInputPerMillion: usd.optional(),
        outputPerMillion: usd,
        cacheWritePerMillion: usd.optional(),
        cacheWriteHourPerMillion: usd.optional(),
        reasoningPerMillion: usd.optional(),
      }),
    )
    .max(10)
    .default([]),
});

export type PriceEntry = z.infer<typeof priceEntry>;

/**
 * What writing into a provider's cache costs where the catalog does not say it, as a part of the input's price. It is the most that
 * price lists have: OpenAI's own servers charge 1.25 times, others behind an interface like it (Anthropic's models) twice for an hour,
 * Google's and Perplexity's nothing more.
 */
const CACHE_WRITE_FACTORS: Readonly<Record<AdapterName, { readonly short: number; readonly hour: number }>> =
  {
    openai: { short: 1.25, hour: 1.25 },
    "openai-compatible": { short: 1.25, hour: 2 },
    gemini: { short: 1, hour: 1 },
    perplexity: { short: 1, hour: 1 },
  };

/** Dollars for a thousand calls of a provider's own tool; the most that price lists have. */
const TOOL_CALLS_PER_THOUSAND = 10;

/** An operator's price: what it leaves out is never cheaper than the provider can be. */
export function catalogPrice(entry: PriceEntry, adapter: AdapterName): Price {
  return {
    rates: ratesOf(entry, entry, adapter),
    longContext: entry.longContext
      .map(({ aboveInputTokens, ...step }) => ({ aboveInputTokens, rates: ratesOf(entry, step, adapter) }))
      .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens),
    perRequest: nanoFromUsd(entry.perRequest),
    ...(entry.extrasPerRequest === 0 ? {} : { extrasPerRequest: nanoFromUsd(entry.extrasPerRequest) }),
  };
}

type StepPrices = Omit<PriceEntry["longContext"][number], "aboveInputTokens">;

function ratesOf(entry: PriceEntry, step: StepPrices, adapter: AdapterName): TokenRates {
  const { inputPerMillion: input, reasoningPerMillion: reasoning } = step;
  return {
    input: picoPerTokenFromUsdPerMillion(input),
    cachedInput: picoPerTokenFromUsdPerMillion(step.cachedInputPerMillion ?? input),
    output: picoPerTokenFromUsdPerMillion(step.outputPerMillion),
    ...(reasoning === undefined ? {} : { reasoning: picoPerTokenFromUsdPerMillion(reasoning) }),
    special: { ...tokenRates(entry, step, adapter), ...toolRates(entry, adapter) },
  };
}

function tokenRates(entry: PriceEntry, step: StepPrices, adapter: AdapterName) {
  const { short, hour } = CACHE_WRITE_FACTORS[adapter];
  return picoRates(
    {
      cacheWrite: step.cacheWritePerMillion ?? step.inputPerMillion * short,
      cacheWriteHour: step.cacheWriteHourPerMillion ?? step.inputPerMillion * hour,
      audioInput: entry.audioInputPerMillion,
      cachedAudioInput: entry.cachedAudioInputPerMillion,
      imageInput: entry.imageInputPerMillion,
      cachedImageInput: entry.cachedImageInputPerMillion,
      videoInput: entry.videoInputPerMillion,
      citations: entry.citationsPerMillion,
      audioOutput: entry.audioOutputPerMillion,
      imageOutput: entry.imageOutputPerMillion,
      videoOutput: entry.videoOutputPerMillion,
    },
    picoPerTokenFromUsdPerMillion,
  );
}

function toolRates(entry: PriceEntry, adapter: AdapterName) {
  const other = adapter === "perplexity" ? 0 : TOOL_CALLS_PER_THOUSAND;
  return picoRates(
    {
      webSearches: entry.webSearchPerThousand ?? other,
      fileSearches: entry.fileSearchPerThousand ?? other,
      codeExecutions: entry.codeExecutionPerThousand ?? other,
    },
    picoPerCallFromUsdPerThousand,
  );
}

function picoRates(
  usd: Partial<Record<SpecialBucket, number | undefined>>,
  picoFrom: (usd: number) => number,
): NonNullable<TokenRates["special"]> {
  return Object.fromEntries(
    Object.entries(usd).flatMap(([bucket, each]) => (each === undefined ? [] : [[bucket, picoFrom(each)]])),
  );
}
