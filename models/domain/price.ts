import { z } from "zod";
import type { NanoUsd } from "./money.ts";

/**
 * What a provider charges, in whole pico-dollars (1e-12 USD) per token, so that a price of
 * $0.0375 per million tokens is still an integer: dollars per million tokens × 1e6.
 */
const picoPerToken = z.number().int().nonnegative();

const tokenRates = z.object({
  input: picoPerToken,
  cachedInput: picoPerToken,
  output: picoPerToken,
});
export type TokenRates = z.infer<typeof tokenRates>;

export const price = z.object({
  rates: tokenRates,
  /** Rates for the whole request once its input (cached included) is longer than `aboveInputTokens`; ascending. */
  longContext: z.array(z.object({ aboveInputTokens: z.number().int().positive(), rates: tokenRates })),
  /** Nano-dollars per call, however long. */
  perRequest: z.number().int().nonnegative(),
});
export type Price = z.infer<typeof price>;

/** Prices in force from a moment on, ascending by `fromMs`; the first one starts at -Infinity. */
export type PriceSchedule = readonly { readonly fromMs: number; readonly price: Price }[];

/** Tokens of one call in disjoint buckets: a token is counted in exactly one of them. Reasoning is priced as output. */
export const tokenUsage = z.object({
  input: z.number().int().nonnegative(),
  cachedInput: z.number().int().nonnegative(),
  output: z.number().int().nonnegative(),
  reasoning: z.number().int().nonnegative(),
});
export type TokenUsage = z.infer<typeof tokenUsage>;

export const NO_TOKENS: TokenUsage = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };

const PICO_PER_NANO = 1000;

/** Cost of one call in nano-dollars, rounded up to the next one. Exact below 9e15 pico-dollars ($9,000) a call. */
export function costOf(usage: TokenUsage, price: Price): NanoUsd {
  const rates = ratesFor(usage.input + usage.cachedInput, price);
  const pico =
    usage.input * rates.input +
    usage.cachedInput * rates.cachedInput +
    (usage.output + usage.reasoning) * rates.output;
  return (Math.ceil(pico / PICO_PER_NANO) + price.perRequest) as NanoUsd;
}

/** The price in force at a moment. */
export function priceAt(schedule: PriceSchedule, nowMs: number): Price | undefined {
  return schedule.findLast((entry) => entry.fromMs <= nowMs)?.price;
}

/** Dollars per million tokens, as price lists print them, to pico-dollars per token. */
export function picoPerTokenFromUsdPerMillion(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1_000_000);
}

function ratesFor(inputTokens: number, price: Price): TokenRates {
  const step = price.longContext.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return step?.rates ?? price.rates;
}
