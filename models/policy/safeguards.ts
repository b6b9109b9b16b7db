import type { Catalog, Tier } from "../domain/catalog.ts";
import type { CounterState } from "../domain/charge.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Windows } from "./charges.ts";
import type { Controls } from "./controls.ts";

/**
 * How near the spend of all users is to the hard limits. Each stage keeps what the one before it does:
 * `paused` refuses tiers that do not pay, `fallback` also sends the others to the cheapest provider, `stopped` refuses all.
 */
export const STAGES = ["normal", "paused", "fallback", "stopped"] as const;
export type Stage = (typeof STAGES)[number];

/** A stage is left only when the spend is that far below where it begins, so that it does not flicker (share of the limit). */
export const STAGE_HYSTERESIS = 0.02;

/** The stage after one more look at the ratio: up at once, down with hysteresis. */
export function nextStage(stage: Stage, ratio: number, safeguards: Catalog["safeguards"]): Stage {
  const reached = stageAt(ratio, safeguards);
  if (STAGES.indexOf(reached) >= STAGES.indexOf(stage)) return reached;
  const held = stageAt(ratio + STAGE_HYSTERESIS, safeguards);
  return STAGES.indexOf(held) < STAGES.indexOf(stage) ? held : stage;
}

/**
 * Spend (settled and in flight) as a share of the nearer one of the two hard limits. A limit of 0 is always reached.
 * An emergency budget does not count here: it denies by itself, with its own code.
 */
export function safeguardRatio(
  spend: { readonly day: CounterState; readonly week: CounterState },
  safeguards: Catalog["safeguards"],
): number {
  return Math.max(shareOf(spend.day, safeguards.dailyBudget), shareOf(spend.week, safeguards.weeklyBudget));
}

/**
 * When a stage can end by itself at the earliest: with the day, unless the week's spend alone holds it (what a new day leaves).
 */
export function stageEndsAtMs(seen: {
  readonly stage: Stage;
  readonly spend: { readonly day: CounterState; readonly week: CounterState };
  readonly windows: Pick<Windows, "day" | "week">;
  readonly safeguards: Catalog["safeguards"];
}): number {
  const { stage, spend, windows, safeguards } = seen;
  const withoutDay = nextStage(stage, shareOf(spend.week, safeguards.weeklyBudget), safeguards);
  return withoutDay === stage ? windows.week.endMs : windows.day.endMs;
}

export interface GateDenial {
  readonly code: Extract<ErrorCode, "non_premium_paused" | "spending_stopped">;
  readonly message: string;
  /** When the directive behind it ends; null when a safeguard is behind it: then when the day (or week) does. */
  readonly endsAtMs: number | null;
}

/** What refuses a request whatever it asks for; null = nothing does. */
export function gate(request: {
  readonly controls: Controls;
  readonly tier: Tier;
  readonly stage: Stage;
}): GateDenial | null {
  const { controls, tier, stage } = request;
  if (stage === "stopped") {
    return {
      code: "spending_stopped",
      message: "the hard limit of spending is reached; nothing is served until it resets",
      endsAtMs: null,
    };
  }
  if (tier.premium) return null;
  if (controls.pauseNonPremium !== null) {
    return paused("an admin or rule has paused", tier, controls.pauseNonPremium.expiresAt);
  }
  return stage === "normal" ? null : paused("spending is near its hard limit, which pauses", tier, null);
}

function paused(why: string, tier: Tier, endsAtMs: number | null): GateDenial {
  return {
    code: "non_premium_paused",
    message: `${why} requests of tiers that do not pay, such as ${tier.name}`,
    endsAtMs,
  };
}

function stageAt(ratio: number, safeguards: Catalog["safeguards"]): Stage {
  if (ratio >= safeguards.stopAt) return "stopped";
  if (ratio >= safeguards.fallbackAt) return "fallback";
  return ratio >= safeguards.pauseAt ? "paused" : "normal";
}

function shareOf({ used, reserved }: CounterState, limit: number): number {
  return limit > 0 ? (used + reserved) / limit : Number.POSITIVE_INFINITY;
}
