/** How one provider behaves when nothing is wrong with it. Times are medians before any scale. */
export interface ProviderProfile {
  readonly model: string;
  /** 1 (poor) to 5 (best); models of quality 5 sometimes reason before they answer. */
  readonly quality: number;
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  /** Standard deviation of the logarithm of the times: 0.3 is steady, 0.6 is moody. */
  readonly spread: number;
  /** The share of calls that fail, before the server's error scale. */
  readonly errorRate: number;
  /** Median length of an answer that nobody steers. */
  readonly outputTokens: number;
  /** Tokens in one piece of a stream, smallest and largest: OpenAI sends single tokens, Gemini sentences. */
  readonly tokensPerChunk: readonly [number, number];
}

export type ProfileOverrides = Readonly<Record<string, Partial<ProviderProfile>>>;

const DEFAULT_PROFILE: ProviderProfile = {
  model: "simulated-1",
  quality: 3,
  firstTokenMs: 400,
  tokensPerSecond: 100,
  spread: 0.35,
  errorRate: 0.003,
  outputTokens: 180,
  tokensPerChunk: [1, 1],
};

/** By the names of the default catalog; orders of magnitude as public latency dashboards show them. */
const PROFILES: ProfileOverrides = {
  "gemini-flash": {
    model: "gemini-2.5-flash",
    quality: 3.5,
    firstTokenMs: 350,
    tokensPerSecond: 180,
    tokensPerChunk: [8, 24],
  },
  "gemini-pro": {
    model: "gemini-2.5-pro",
    quality: 5,
    firstTokenMs: 900,
    tokensPerSecond: 90,
    outputTokens: 260,
    tokensPerChunk: [12, 32],
  },
  "gpt-4o": { model: "gpt-4o", quality: 5, firstTokenMs: 450, tokensPerSecond: 75, outputTokens: 220 },
  "gpt-4o-mini": { model: "gpt-4o-mini", quality: 4, firstTokenMs: 400, tokensPerSecond: 95 },
  perplexity: {
    model: "sonar",
    quality: 4,
    firstTokenMs: 1100,
    tokensPerSecond: 110,
    spread: 0.5,
    errorRate: 0.006,
    tokensPerChunk: [2, 6],
  },
  "perplexity-large": {
    model: "sonar-pro",
    quality: 5,
    firstTokenMs: 1800,
    tokensPerSecond: 65,
    spread: 0.5,
    errorRate: 0.006,
    outputTokens: 320,
    tokensPerChunk: [2, 6],
  },
  fallback: {
    model: "gemini-2.5-flash-lite",
    quality: 2.5,
    firstTokenMs: 250,
    tokensPerSecond: 250,
    errorRate: 0.001,
    outputTokens: 140,
    tokensPerChunk: [8, 24],
  },
};

/** The profile of a provider by its name; an unknown name gets the default one. */
export function profileOf(provider: string, overrides: ProfileOverrides): ProviderProfile {
  return { ...DEFAULT_PROFILE, ...own(PROFILES, provider), ...own(overrides, provider) };
}

function own(profiles: ProfileOverrides, name: string): Partial<ProviderProfile> | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name] : undefined;
}
