import type { Provider } from "../domain/catalog.ts";
import type { Attempt } from "../domain/request-event.ts";
import type { Incident } from "./incident.ts";
import { drawLogNormal, drawNormal, type Random } from "./random.ts";

/** How a provider behaves, by the catalog's grades of its speed and quality (1 to 5). */
export interface ProviderBehaviour {
  readonly provider: Provider;
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  readonly reasons: boolean;
}

export interface CallTimes {
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

const FIRST_TOKEN_MS = [1_500, 1_500, 800, 480, 350, 250] as const;
const TOKENS_PER_SECOND = [50, 50, 120, 190, 250, 350] as const;
const TIME_SPREAD = 0.35;
const ERROR_RATE = 0.003;
const OUTAGE_ERROR_RATE = 0.97;
const REASONING_FROM_QUALITY = 5;
const FAILURES = ["server-error", "timeout", "rate-limited", "connection"] as const;
const TIMEOUT_MS = 8_000;

const RATING_BASE = 2.5;
const RATING_PER_QUALITY = 0.48;
const RATING_SPREAD = 0.7;
/** What each second above the limit takes from a rating, and the most that it takes. */
const PATIENCE_MS = 2_000;
const LOST_PER_SECOND = 0.25;
const MAX_LOST = 1.5;

export function behaviourOf(provider: Provider): ProviderBehaviour {
  const grade = Math.min(5, Math.max(1, Math.round(provider.speed)));
  return {
    provider,
    firstTokenMs: FIRST_TOKEN_MS[grade] ?? 480,
    tokensPerSecond: TOKENS_PER_SECOND[grade] ?? 190,
    reasons: provider.quality >= REASONING_FROM_QUALITY,
  };
}

/** Null: the call goes well. */
export function drawFailure(
  { provider }: ProviderBehaviour,
  incidents: readonly Incident[],
  random: Random,
): Attempt | null {
  const down = incidents.some(({ kind, subject }) => kind === "outage" && subject === provider.name);
  if (random() >= (down ? OUTAGE_ERROR_RATE : ERROR_RATE)) return null;
  const outcome = FAILURES[Math.floor(random() * FAILURES.length)] ?? "server-error";
  const ms = outcome === "timeout" ? TIMEOUT_MS : roundMs(drawLogNormal(random, 180, 0.5));
  return { provider: provider.name, outcome, ms };
}

/** What an answer of so many tokens takes, give or take {@link drawTimes}'s spread. */
export function typicalMs(
  { firstTokenMs, tokensPerSecond }: ProviderBehaviour,
  outputTokens: number,
): number {
  return firstTokenMs + (outputTokens * 1000) / tokensPerSecond;
}

export function drawTimes(
  behaviour: ProviderBehaviour,
  { outputTokens, incidents }: { readonly outputTokens: number; readonly incidents: readonly Incident[] },
  random: Random,
): CallTimes {
  const { name } = behaviour.provider;
  const slow = incidents.find(({ kind, subject }) => kind === "slow-provider" && subject === name);
  const scale = drawLogNormal(random, 1, TIME_SPREAD) * (slow?.factor ?? 1);
  const firstTokenMs = behaviour.firstTokenMs * scale;
  return { firstTokenMs, totalMs: firstTokenMs + (outputTokens * 1000 * scale) / behaviour.tokensPerSecond };
}

/** 1 to 5: what a user thinks of an answer of that quality after that wait. */
export function drawRating(
  { quality, latencyMs, lowered }: { quality: number; latencyMs: number; lowered: number },
  random: Random,
): number {
  const lost = Math.min(MAX_LOST, Math.max(0, ((latencyMs - PATIENCE_MS) / 1000) * LOST_PER_SECOND));
  const liked = RATING_BASE + RATING_PER_QUALITY * quality - lost - lowered;
  return Math.min(5, Math.max(1, Math.round(liked + RATING_SPREAD * drawNormal(random))));
}

/** To a tenth of a millisecond. */
export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
