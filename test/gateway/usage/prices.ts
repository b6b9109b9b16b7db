import type { Price } from "../../../models/domain/price.ts";

/** Pico-dollars a token or call, all different, so that a token in the wrong bucket shows. A prompt above the step costs twice. */
export const RATES = {
  input: 2_500_000n,
  cached: 251_000n,
  write: 3_125_000n,
  writeHour: 5_000_000n,
  audioIn: 32_000_000n,
  cachedAudio: 409_000n,
  imageIn: 4_900_000n,
  videoIn: 7_700_000n,
  citation: 2_100_000n,
  output: 10_000_000n,
  reasoning: 12_300_000n,
  audioOut: 64_000_000n,
  imageOut: 30_100_000n,
  videoOut: 17_500_000n,
  webSearch: 10_000_000_000n,
  fileSearch: 2_500_000_000n,
  execution: 1_700_000_000n,
} as const;
export type Rate = keyof typeof RATES;

const TOOLS: readonly Rate[] = ["webSearch", "fileSearch", "execution"];
export const STEP_TOKENS = 200_000;
const FEE_PICO = 5_000_000_000n;

/** A count of something, and what it is. */
export type Line = readonly [count: number, rate: Rate];

/** In nano-dollars, rounded up. `prompt`: all tokens of it, which decide the step. */
export function costOfLines(lines: readonly Line[], prompt: number): number {
  const factor = prompt > STEP_TOKENS ? 2n : 1n;
  const pico = lines.reduce(
    (sum, [count, rate]) => sum + BigInt(count) * RATES[rate] * (TOOLS.includes(rate) ? 1n : factor),
    FEE_PICO,
  );
  return Number((pico + 999n) / 1000n);
}

/** The same prices as the code under test takes them. `extras`: nano-dollars of what no bound of tokens holds. */
export function priceWith(extras: number): Price {
  return {
    rates: ratesTimes(1n),
    longContext: [{ aboveInputTokens: STEP_TOKENS, rates: ratesTimes(2n) }],
    perRequest: Number(FEE_PICO / 1000n),
    extrasPerRequest: extras,
  };
}

function ratesTimes(factor: bigint): Price["rates"] {
  const of = (rate: Rate) => Number(RATES[rate] * (TOOLS.includes(rate) ? 1n : factor));
  return {
    input: of("input"),
    cachedInput: of("cached"),
    output: of("output"),
    reasoning: of("reasoning"),
    special: {
      cacheWrite: of("write"),
      cacheWriteHour: of("writeHour"),
      audioInput: of("audioIn"),
      cachedAudioInput: of("cachedAudio"),
      imageInput: of("imageIn"),
      videoInput: of("videoIn"),
      citations: of("citation"),
      audioOutput: of("audioOut"),
      imageOutput: of("imageOut"),
      videoOutput: of("videoOut"),
      webSearches: of("webSearch"),
      fileSearches: of("fileSearch"),
      codeExecutions: of("execution"),
    },
  };
}
