import type { Tier } from "../domain/catalog.ts";
import type { NanoUsd } from "../domain/money.ts";
import { type Price, rateFor, SPECIAL_OUTPUT, type SpecialBucket, type TokenRates } from "../domain/price.ts";
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

/** What is sent to a provider, as it was written for it. */
export interface SentBody {
  /** Bytes of the body without what is inside images. */
  readonly textBytes: number;
  /** What parameters that the catalog allows may add to the input at most. */
  readonly extraInputTokens: number;
}

/** Of one choice: the lower of what the app and the tier allow. The gateway must impose it upstream. */
export function outputLimit(
  { requestedOutputTokens }: Pick<RequestFacts, "requestedOutputTokens">,
  tier: Pick<Tier, "maxOutputTokens">,
): number {
  return Math.min(requestedOutputTokens ?? tier.maxOutputTokens, tier.maxOutputTokens);
}

/**
 * Never lower than what a provider counts. A tokenizer that works on bytes (OpenAI's, Gemini's and Llama's do) makes at most
 * one token of each byte of UTF-8, and JSON text is never shorter than the text that it holds; so the bytes of the body that is
 * sent, without what is inside images, are a bound that costs nothing to find. It is about four times the truth for English, which
 * matters little: output tokens cost four to eight times as much, and what was reserved too much is free again at the end
 * of the request.
 *
 * `model` is the provider's model; without it, images count as they do in the dearest one. Without `sent`, what the app sent
 * counts, which a provider's body may be longer than: good for what is not paid by.
 */
export function boundTokens(
  facts: RequestFacts,
  tier: Pick<Tier, "maxOutputTokens">,
  model = "",
  sent: SentBody = { textBytes: facts.textBytes, extraInputTokens: 0 },
): TokenBound {
  const maxOutputTokens = outputLimit(facts, tier);
  const images = facts.lowDetailImages + facts.images === 0 ? 0 : imageTokens(facts, model);
  const tools = facts.hasTools ? TOOLS_OVERHEAD_TOKENS : 0;
  return {
    inputTokens: sent.textBytes + sent.extraInputTokens + REQUEST_OVERHEAD_TOKENS + images + tools,
    outputTokens: maxOutputTokens * facts.choices,
    maxOutputTokens,
  };
}

/**
 * Never lower than what any call within the bound costs. Each input token may be read from the provider's cache, written into it,
 * or belong to an image, each output token may be reasoning, sound or picture: the dearest of those holds for all of them, and of the
 * long-context rates that the input could reach, the dearest again. A prompt that holds sound or video says so.
 */
export function boundCost(
  price: Price,
  bound: Pick<TokenBound, "inputTokens" | "outputTokens"> & { readonly holdsAudio?: boolean },
): NanoUsd {
  const { inputTokens, outputTokens, holdsAudio = false } = bound;
  let input = dearestInput(price.rates, holdsAudio);
  let output = dearestOutput(price.rates);
  for (const { aboveInputTokens, rates } of price.longContext) {
    if (inputTokens <= aboveInputTokens) continue;
    input = Math.max(input, dearestInput(rates, holdsAudio));
    output = Math.max(output, dearestOutput(rates));
  }
  const pico = inputTokens * input + outputTokens * output;
  const fees = price.perRequest + (price.extrasPerRequest ?? 0);
  return (Math.ceil(pico / PICO_PER_NANO) + fees) as NanoUsd;
}

/** No request that is forwarded holds sound or video, or has its sources counted as input: `extrasPerRequest` is for those. */
const WRITTEN_OR_SEEN: readonly SpecialBucket[] = [
  "cacheWrite",
  "cacheWriteHour",
  "imageInput",
  "cachedImageInput",
];
const HEARD: readonly SpecialBucket[] = ["audioInput", "cachedAudioInput", "videoInput"];

function dearestInput(rates: TokenRates, holdsAudio: boolean): number {
  let dearest = Math.max(rates.input, rates.cachedInput);
  if (rates.special === undefined) return dearest;
  for (const bucket of WRITTEN_OR_SEEN) dearest = Math.max(dearest, rateFor(rates, bucket));
  if (holdsAudio) for (const bucket of HEARD) dearest = Math.max(dearest, rateFor(rates, bucket));
  return dearest;
}

function dearestOutput(rates: TokenRates): number {
  let dearest = Math.max(rates.output, rates.reasoning ?? 0);
  if (rates.special === undefined) return dearest;
  for (const bucket of SPECIAL_OUTPUT) dearest = Math.max(dearest, rateFor(rates, bucket));
  return dearest;
}
