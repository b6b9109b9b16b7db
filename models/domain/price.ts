import { z } from "zod";
import type { NanoUsd } from "./money.ts";

/**
 * What some providers count and price apart from plain input and output. Each token or call is in exactly one bucket, so none of
 * these is part of `input`, `cachedInput` or `output`. Without a rate of its own, a bucket costs what its neighbour costs:
 * {@link rateFor}.
 */
export const SPECIAL_BUCKETS = [
  /** Input written into the provider's cache: for five minutes (or as long as the provider likes), and for an hour. */
  "cacheWrite",
  "cacheWriteHour",
  "audioInput",
  "cachedAudioInput",
  "imageInput",
  "cachedImageInput",
  "videoInput",
  /** What a model that searches has read of its sources. */
  "citations",
  "audioOutput",
  "imageOutput",
  "videoOutput",
  /** Calls of the provider's own tools; these are not tokens. */
  "webSearches",
  "fileSearches",
  "codeExecutions",
] as const;
export type SpecialBucket = (typeof SPECIAL_BUCKETS)[number];

/** Those that make a prompt longer, and so count for the long-context step. */
export const SPECIAL_INPUT: readonly SpecialBucket[] = [
  "cacheWrite",
  "cacheWriteHour",
  "audioInput",
  "cachedAudioInput",
  "imageInput",
  "cachedImageInput",
  "videoInput",
  "citations",
];

export const SPECIAL_OUTPUT: readonly SpecialBucket[] = ["audioOutput", "imageOutput", "videoOutput"];

/**
 * What a provider charges, in whole pico-dollars (1e-12 USD) per token or call, so that a price of
 * $0.0375 per million tokens is still an integer: dollars per million tokens × 1e6.
 */
const pico = z.number().int().nonnegative();

const tokenRates = z.object({
  input: pico,
  cachedInput: pico,
  output: pico,
  /** Absent: as output. */
  reasoning: pico.optional(),
  special: z.partialRecord(z.enum(SPECIAL_BUCKETS), pico).optional(),
});
export type TokenRates = z.infer<typeof tokenRates>;

export const price = z.object({
  rates: tokenRates,
  /** Rates for the whole request once its input (cached included) is longer than `aboveInputTokens`; ascending. */
  longContext: z.array(z.object({ aboveInputTokens: z.number().int().positive(), rates: tokenRates })),
  /** Nano-dollars per call, however long. */
  perRequest: z.number().int().nonnegative(),
  /** Nano-dollars that a call can cost beside its prompt, its answer and `perRequest`: searches, sources that it reads. Only reserved. */
  extrasPerRequest: z.number().int().nonnegative().optional(),
});
export type Price = z.infer<typeof price>;

/** Prices in force from a moment on, ascending by `fromMs`; the first one starts at -Infinity. */
export type PriceSchedule = readonly { readonly fromMs: number; readonly price: Price }[];

const count = z.number().int().nonnegative();

/** Tokens (and calls of tools) of one call in disjoint buckets: each is counted in exactly one of them. */
export const tokenUsage = z.object({
  input: count,
  cachedInput: count,
  output: count,
  reasoning: count,
  special: z.partialRecord(z.enum(SPECIAL_BUCKETS), count).optional(),
});
export type TokenUsage = z.infer<typeof tokenUsage>;

export const NO_TOKENS: TokenUsage = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };

const PICO_PER_NANO = 1000;

/** Cost of one call in nano-dollars, rounded up to the next one. Exact below 9e15 pico-dollars ($9,000) a call. */
export function costOf(usage: TokenUsage, price: Price): NanoUsd {
  const { special } = usage;
  const rates = ratesFor(inputTokensOf(usage), price);
  let pico =
    usage.input * rates.input +
    usage.cachedInput * rates.cachedInput +
    usage.output * rates.output +
    usage.reasoning * (rates.reasoning ?? rates.output);
  if (special !== undefined) {
    for (const bucket of SPECIAL_BUCKETS) pico += (special[bucket] ?? 0) * rateFor(rates, bucket);
  }
  return (Math.ceil(pico / PICO_PER_NANO) + price.perRequest) as NanoUsd;
}

/** All of the prompt, whatever it costs. */
export function inputTokensOf({ input, cachedInput, special }: TokenUsage): number {
  return input + cachedInput + sumOf(special, SPECIAL_INPUT);
}

/** All of the answer, reasoning included. */
export function outputTokensOf({ output, reasoning, special }: TokenUsage): number {
  return output + reasoning + sumOf(special, SPECIAL_OUTPUT);
}

/** What was read from the provider's cache. */
export function cachedTokensOf({ cachedInput, special }: TokenUsage): number {
  return cachedInput + (special?.cachedAudioInput ?? 0) + (special?.cachedImageInput ?? 0);
}

function sumOf(special: TokenUsage["special"], buckets: readonly SpecialBucket[]): number {
  if (special === undefined) return 0;
  return buckets.reduce((sum, bucket) => sum + (special[bucket] ?? 0), 0);
}

/** What a special bucket costs: its own rate, or that of what it would be counted as by a provider without one. */
export function rateFor(rates: TokenRates, bucket: SpecialBucket): number {
  const { input, cachedInput, output, special = {} } = rates;
  const own = special[bucket];
  if (own !== undefined) return own;
  switch (bucket) {
    case "cacheWriteHour":
      return special.cacheWrite ?? input;
    case "cachedAudioInput":
      return special.audioInput ?? cachedInput;
    case "cachedImageInput":
      return special.imageInput ?? cachedInput;
    case "cacheWrite":
    case "audioInput":
    case "imageInput":
    case "videoInput":
    case "citations":
      return input;
    case "audioOutput":
    case "imageOutput":
    case "videoOutput":
      return output;
    case "webSearches":
    case "fileSearches":
    case "codeExecutions":
      return 0;
  }
}

/** The price in force at a moment. */
export function priceAt(schedule: PriceSchedule, nowMs: number): Price | undefined {
  return schedule.findLast((entry) => entry.fromMs <= nowMs)?.price;
}

/** Dollars per million tokens, as price lists print them, to pico-dollars per token. */
export function picoPerTokenFromUsdPerMillion(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1_000_000);
}

/** Dollars per thousand calls, as price lists print them, to pico-dollars per call. */
export function picoPerCallFromUsdPerThousand(usdPerThousand: number): number {
  return Math.round(usdPerThousand * 1_000_000_000);
}

function ratesFor(inputTokens: number, price: Price): TokenRates {
  const step = price.longContext.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return step?.rates ?? price.rates;
}
