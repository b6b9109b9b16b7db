import type { PredictedEffect } from "./effect.ts";
import {
  type EffectErrors,
  errorsOf,
  isEnough,
  type MeasuredEffect,
  measureEffect,
  type Spans,
} from "./measure-effect.ts";
import type { Purpose } from "./plan-verification.ts";

export interface Verification extends Spans {
  /** The same spans of the users on whom it was not tried; null: it holds for all. */
  readonly control: Spans | null;
  /** Null: it was not simulated. */
  readonly predicted: PredictedEffect | null;
  /** What it is for is no harm, and alone is what it has helped by. */
  readonly purpose: Purpose;
  /** The time of verification is over. */
  readonly isOver: boolean;
  /** The directive ends soon. */
  readonly endsSoon: boolean;
}

export interface VerdictOfEffect {
  /** `undecided`: too early to say; look again. `widened`: tried on a share of the users without harm, now for all. */
  readonly verdict: "kept" | "extended" | "widened" | "rolled-back" | "inconclusive" | "undecided";
  readonly measured: MeasuredEffect;
  /** Why it was rolled back. */
  readonly harms: readonly string[];
}

/** Standard errors beyond which a difference is no chance; it is looked at many times. */
const CERTAIN = 4;
const MAX_SHARE_RISE = 0.05;
const MAX_RATING_LOSS = 0.3;
const MAX_COST_RISE = 0.25;
const MAX_LATENCY_RISE = 0.5;
/** It is worth going on with. */
const HELPED_COST_SHARE = -0.05;
const HELPED_RATING = 0.1;
const HELPED_DENIED_SHARE = -0.005;
const HELPED_CACHED_SHARE = 0.01;

/**
 * What came of a directive: rolled back as soon as it has certainly done harm that was not foreseen, else judged when its time is
 * over. Without a control group, before and after differ by more than the directive (the hour of the day), which is why only
 * plain harm counts.
 */
export function judgeOutcome(given: Verification): VerdictOfEffect {
  const { before, after, control, predicted } = given;
  const tried = { before, after };
  const measured = measureEffect(tried, control, predicted);
  const harms = isEnough(tried) ? harmsOf(given, measured, errorsOf(tried, control)) : [];
  if (harms.length > 0) return { verdict: "rolled-back", measured, harms };
  if (!given.isOver) return { verdict: "undecided", measured, harms };
  if (!isEnough(tried)) return { verdict: "inconclusive", measured, harms };
  if (control !== null) return { verdict: "widened", measured, harms };
  return {
    verdict: given.endsSoon && hasHelped(measured, given.purpose) ? "extended" : "kept",
    measured,
    harms,
  };
}

function harmsOf(
  { before, predicted, purpose }: Verification,
  measured: MeasuredEffect,
  errors: EffectErrors,
): string[] {
  const beyond = (change: number | null, expected: number, least: number, error: number): boolean =>
    (change ?? 0) > Math.max(0, expected) + Math.max(least, CERTAIN * error);
  const latencyBefore = before.timed === 0 ? 1 : Math.max(1, before.latencyMs / before.timed);
  const expectedLatency = (predicted?.latencyChangeMs ?? 0) / latencyBefore;
  const denied = beyond(
    measured.deniedShareChange,
    predicted?.newlyDeniedShare ?? 0,
    MAX_SHARE_RISE,
    errors.tierShare,
  );
  // Who serves more serves it from where it did before: how an answer is liked is not its doing. Nor is what one costs, which longer
  // kept ones cannot raise, either: that the hour's routing does.
  const isOtherAnswer = purpose !== "admit";
  const isOtherPrice = purpose !== "admit" && purpose !== "cache";
  const found: readonly (readonly [boolean, string])[] = [
    [denied && purpose !== "refuse", "more requests are refused"],
    [beyond(measured.failedShareChange, 0, MAX_SHARE_RISE, errors.share), "more requests fail"],
    [
      isOtherPrice &&
        beyond(
          measured.costPerAnswerChangeShare,
          predicted?.costChangeShare ?? 0,
          MAX_COST_RISE,
          errors.costPerAnswer,
        ),
      "answers cost more",
    ],
    [
      beyond(measured.latencyChangeShare, expectedLatency, MAX_LATENCY_RISE, errors.latency),
      "answers are slower",
    ],
    [
      isOtherAnswer &&
        beyond(
          measured.satisfactionChange === null ? null : -measured.satisfactionChange,
          -(predicted?.satisfactionChange ?? 0),
          MAX_RATING_LOSS,
          errors.satisfaction / 2,
        ),
      "users like the answers less",
    ],
  ];
  return found.flatMap(([holds, what]) => (holds ? [what] : []));
}

/** Serving more costs more, and answering again changes no rating: each is judged by what it is for. */
function hasHelped(measured: MeasuredEffect, purpose: Purpose): boolean {
  if (purpose === "admit") return (measured.deniedShareChange ?? 0) <= HELPED_DENIED_SHARE;
  if (purpose === "cache") return (measured.cachedShareChange ?? 0) >= HELPED_CACHED_SHARE;
  const { costPerAnswerChangeShare: cost, satisfactionChange: rating } = measured;
  return (cost ?? 0) <= HELPED_COST_SHARE || (rating ?? 0) >= HELPED_RATING;
}
