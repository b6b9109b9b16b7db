import type { Tier } from "../domain/catalog.ts";
import type { NanoUsd } from "../domain/money.ts";
import type { Price } from "../domain/price.ts";
import { imageTokens } from "./image-tokens.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What a call can count at most. */
export interface TokenBound {
  readonly inputTokens: number;
  /** All choices together. */
  readonly outputTokens: number;
  /** Of one choice: the gateway must impose it upstream, or the bound does not hold. */
  readonly maxOutputTokens: number;
}

/**
 * What providers put around a prompt (priming an answer, a default system line); OpenAI's is 3 tokens and 3-4 a message
 * (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken). A message's own JSON syntax, at least
 * 25 bytes that no provider counts, is in the bound already and covers what is around each message.
 */
export const REQUEST_OVERHEAD_TOKENS = 32;

/** The system text that makes a model use tools, up to 530 tokens (https://docs.claude.com/en/docs/build-with-claude/tool-use). */
export const TOOLS_OVERHEAD_TOKENS = 600;

const PICO_PER_NANO = 1000;

/**
 * Never lower than what a provider counts. A tokenizer that works on bytes (OpenAI's, Gemini's and Llama's do) makes at most
 * one token of each byte of UTF-8, and JSON text is never shorter than the text that it holds; so the bytes of the body,
 * without what is inside images, are a bound that costs nothing to find. It is about four times the truth for English, which
 * matters little: output tokens cost four to eight times as much, and what was reserved too much is free again at the end
 * of the request.
 *
 * `model` is the provider's model; without it, images count as they do in the dearest one.
 */
export function boundTokens(
  facts: RequestFacts,
  tier: Pick<Tier, "maxOutputTokens">,
  model = "",
): TokenBound {
  const maxOutputTokens = Math.min(facts.requestedOutputTokens ?? tier.maxOutputTokens, tier.maxOutputTokens);
  const images = facts.lowDetailImages + facts.images === 0 ? 0 : imageTokens(facts, model);
  const tools = facts.hasTools ? TOOLS_OVERHEAD_TOKENS : 0;
  return {
    inputTokens: facts.textBytes + REQUEST_OVERHEAD_TOKENS + images + tools,
    outputTokens: maxOutputTokens * facts.choices,
    maxOutputTokens,
  };
}

/**
 * Never lower than what any call within the bound costs: no cached input is assumed, and of the long-context rates that
 * the input could reach, the dearest holds, bucket by bucket.
 */
export function boundCost(price: Price, bound: Pick<TokenBound, "inputTokens" | "outputTokens">): NanoUsd {
  let input = Math.max(price.rates.input, price.rates.cachedInput);
  let output = price.rates.output;
  for (const { aboveInputTokens, rates } of price.longContext) {
    if (bound.inputTokens <= aboveInputTokens) continue;
    input = Math.max(input, rates.input, rates.cachedInput);
    output = Math.max(output, rates.output);
  }
  const pico = bound.inputTokens * input + bound.outputTokens * output;
  return (Math.ceil(pico / PICO_PER_NANO) + price.perRequest) as NanoUsd;
}
