import type { Objective } from "../../domain/learning.ts";

/** What a request without an answer costs in satisfaction: from a good rating to the worst. */
const FAILED_STARS = 3;
const NANO_PER_CENT = 10_000_000;
const MS_PER_SECOND = 1_000;

/** What became of a request, whichever providers it went to after the first. */
export interface RequestOutcome {
  readonly latencyMs: number;
  /** Nano-dollars. */
  readonly cost: number;
  readonly failed: boolean;
  /** Its answer was a poor one (`poor-answers.ts`), and nobody has rated it: a rating says more. */
  readonly poor: boolean;
}

/** What each part of a request's burden weighs, in stars; the warehouse's query adds them up with the same factors. */
export interface BurdenFactors {
  readonly perMs: number;
  readonly perNano: number;
  readonly perFailure: number;
  readonly perPoorAnswer: number;
}

export function burdenFactors({
  satisfaction,
  latencyPerSecond,
  costPerCent,
  poorAnswer,
}: Objective): BurdenFactors {
  return {
    perMs: latencyPerSecond / MS_PER_SECOND,
    perNano: costPerCent / NANO_PER_CENT,
    perFailure: satisfaction * FAILED_STARS,
    perPoorAnswer: poorAnswer,
  };
}

/** What a request takes from the value of its answer, in stars: waiting, money, a failure, a poor answer. The value is `satisfaction * rating - burden`. */
export function burdenOf(
  { latencyMs, cost, failed, poor }: RequestOutcome,
  { perMs, perNano, perFailure, perPoorAnswer }: BurdenFactors,
): number {
  return perMs * latencyMs + perNano * cost + (failed ? perFailure : 0) + (poor ? perPoorAnswer : 0);
}
