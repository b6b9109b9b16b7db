import { z } from "zod";
import { drawLogNormal, type Random } from "../models/simulation/random.ts";
import type { Steering } from "./chat-request.ts";
import { FAULTS, type Fault } from "./faults.ts";
import type { ProviderProfile } from "./profiles.ts";
import { pick } from "./random.ts";

/** Faults that an operator of the simulation puts on a provider; absent = as its profile says. */
export const behaviourOverrides = z.strictObject({
  errorRate: z.number().min(0).max(1).optional(),
  /** What strikes at that rate: a status or a fault; absent = a mix of what providers show. */
  error: z.union([z.enum(FAULTS), z.string().regex(/^[45]\d\d$/)]).optional(),
  latencyScale: z.number().min(0).max(1000).optional(),
  /** Every connection is broken at once. */
  down: z.boolean().optional(),
});
export type BehaviourOverrides = z.infer<typeof behaviourOverrides>;

export interface Circumstances {
  readonly provider: string;
  readonly profile: ProviderProfile;
  readonly overrides: BehaviourOverrides;
  readonly steering: Steering;
  /** Of the whole server: 1 = true to life, 0 = at once. */
  readonly latencyScale: number;
  /** Scales the profiles' own error rates. */
  readonly errorScale: number;
  /** The tokens of the request's text, by {@link approximateTokens}. */
  readonly textTokens: number;
  /** No tokenizer makes more tokens than there are bytes, and so neither does this one. */
  readonly bodyBytes: number;
  /** What one choice may have at most. */
  readonly maxOutputTokens: number;
}

/** How one call goes, before a word of it is written. */
export interface Plan {
  /** Cached ones are part of it, as at OpenAI. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly webSearches: number;
  /** The answer is made to its end, also when its client has gone. */
  readonly goesOn: boolean;
  /** Of one choice; reasoning is part of it, as at OpenAI. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** The limit cut the answer short. */
  readonly truncated: boolean;
  readonly firstTokenMs: number;
  readonly perTokenMs: number;
  readonly fault: Fault | null;
}

/** An answer is never longer than that, whatever the request allows. */
export const MAX_OUTPUT_TOKENS = 65_536;
/** Prompts of at least this many tokens are cached by prefix, in steps of {@link CACHE_STEP_TOKENS} (OpenAI's rule). */
const CACHE_MIN_TOKENS = 1024;
const CACHE_STEP_TOKENS = 128;
const CACHED_SHARE_OF_CALLS = 0.25;
const REASONING_QUALITY = 5;
const REASONING_SHARE_OF_CALLS = 0.3;
/** Reading the prompt. */
const PREFILL_MS_PER_TOKEN = 0.05;
const OUTPUT_SPREAD = 0.6;
const COMMON_FAULTS: readonly Fault[] = ["500", "500", "503", "503", "429", "429", "429", "reset"];

/**
 * Decides one call. `random` is seeded by the request's content, `chance` also by how often it came:
 * the same request gets the same answer, but a retry does not meet the same accident for ever.
 */
export function planCall(circumstances: Circumstances, random: Random, chance: Random): Plan {
  const { steering } = circumstances;
  const promptTokens = Math.min(
    steering.simulate_prompt_tokens ?? circumstances.textTokens,
    circumstances.bodyBytes,
  );
  const output = drawOutput(circumstances, random);
  const cachedTokens = drawCached(promptTokens, steering, random);
  const times = drawTimes(circumstances, { promptTokens, outputTokens: output.outputTokens }, random);
  return {
    promptTokens,
    cachedTokens,
    cacheWriteTokens: Math.min(steering.simulate_cache_write_tokens ?? 0, promptTokens - cachedTokens),
    webSearches: steering.simulate_web_searches ?? 0,
    goesOn: steering.simulate_goes_on === "true",
    ...output,
    ...times,
    fault: drawFault(circumstances, chance),
  };
}

/** About four characters a token, as English has it; never more tokens than bytes. */
export function approximateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

function drawOutput(
  { profile, steering, maxOutputTokens }: Circumstances,
  random: Random,
): Pick<Plan, "outputTokens" | "reasoningTokens" | "truncated"> {
  const drawn = Math.round(drawLogNormal(random, profile.outputTokens, OUTPUT_SPREAD));
  const wanted = Math.max(1, steering.simulate_output_tokens ?? drawn);
  const outputTokens = Math.min(wanted, maxOutputTokens, MAX_OUTPUT_TOKENS);
  const reasons = random() < REASONING_SHARE_OF_CALLS && profile.quality >= REASONING_QUALITY;
  const drawnReasoning = reasons ? Math.floor(outputTokens * (0.1 + 0.4 * random())) : 0;
  const reasoningTokens = Math.min(steering.simulate_reasoning_tokens ?? drawnReasoning, outputTokens - 1);
  return { outputTokens, reasoningTokens, truncated: outputTokens < wanted };
}

function drawCached(promptTokens: number, steering: Steering, random: Random): number {
  const share = random() < CACHED_SHARE_OF_CALLS ? 0.5 + 0.4 * random() : 0;
  const steps = Math.floor((promptTokens * share) / CACHE_STEP_TOKENS);
  const drawn = promptTokens < CACHE_MIN_TOKENS ? 0 : steps * CACHE_STEP_TOKENS;
  return Math.min(steering.simulate_cached_tokens ?? drawn, promptTokens);
}

function drawTimes(
  { profile, overrides, steering, latencyScale }: Circumstances,
  tokens: { promptTokens: number; outputTokens: number },
  random: Random,
): Pick<Plan, "firstTokenMs" | "perTokenMs"> {
  const wait = drawLogNormal(random, profile.firstTokenMs, profile.spread);
  const perToken = drawLogNormal(random, 1000 / profile.tokensPerSecond, profile.spread / 2);
  const steered = steering.simulate_latency_ms;
  if (steered !== undefined) {
    return { firstTokenMs: steered / 5, perTokenMs: (steered * 4) / 5 / tokens.outputTokens };
  }
  const scale = latencyScale * (overrides.latencyScale ?? 1);
  return {
    firstTokenMs: (wait + PREFILL_MS_PER_TOKEN * tokens.promptTokens) * scale,
    perTokenMs: perToken * scale,
  };
}

function drawFault(
  { provider, profile, overrides, steering, errorScale }: Circumstances,
  chance: Random,
): Fault | null {
  const rate = overrides.errorRate ?? profile.errorRate * errorScale;
  const strikes = chance() < rate;
  const kind = overrides.error ?? pick(chance, COMMON_FAULTS);
  const { simulate_error: wanted, simulate_error_at: places } = steering;
  if (wanted !== undefined && (places === undefined || places.split(",").includes(provider))) return wanted;
  return strikes ? kind : null;
}
